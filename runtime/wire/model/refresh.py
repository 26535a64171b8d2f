"""Writes codepipeline-2015-07-09.json anew from the botocore that is installed.

    python3 refresh.py            # rewrite the file beside this script
    python3 refresh.py --check    # say what would change; exit 1 if anything would

The groups are ours and are kept; everything else is botocore's service model.
"""

import json
import pathlib
import sys

import botocore
import botocore.loaders

FILE = pathlib.Path(__file__).with_name("codepipeline-2015-07-09.json")
LIMITS = ("min", "max", "pattern")


def documented(entry):
    return {key: value for key, value in entry.items() if key != "documentation"}


def model(groups):
    loader = botocore.loaders.Loader()
    service = loader.load_service_model("codepipeline", "service-2", "2015-07-09")
    pages = loader.load_service_model("codepipeline", "paginators-1", "2015-07-09")["pagination"]
    shapes = service["shapes"]
    group_of = {name: group for group, names in groups.items() for name in names}

    def members(structure):
        return {name: member["shape"] for name, member in structure["members"].items()}

    def limited(shape):
        entry = shapes[shape]
        found = {"shape": shape, "type": entry["type"]}
        for key in (*LIMITS, "enum"):
            if key in entry:
                found[key] = entry[key]
        return found

    operations = {}
    for name, operation in service["operations"].items():
        given = shapes[operation["input"]["shape"]]
        output = shapes[operation["output"]["shape"]] if "output" in operation else None
        inputs = {}
        for member, entry in given["members"].items():
            inputs[member] = limited(entry["shape"])
            if entry.get("idempotencyToken"):
                inputs[member]["idempotencyToken"] = True
        operations[name] = {
            "group": group_of[name],
            "target": f"{service['metadata']['targetPrefix']}.{name}",
            "required": given.get("required", []),
            "members": inputs,
            "output": None if output is None else members(output),
            "output_required": [] if output is None else output.get("required", []),
            "errors": [error["shape"] for error in operation["errors"]],
            "paginated": pages.get(name),
        }

    enums, constraints, structures, errors, others = {}, {}, {}, {}, {}
    for name, shape in shapes.items():
        if shape.get("exception"):
            status = shape.get("error", {}).get("httpStatusCode", 400)
            errors[name] = {"http": status, "members": list(shape["members"])}
        elif shape["type"] == "structure":
            structures[name] = {"required": shape.get("required", []), "members": members(shape)}
            if shape.get("sensitive"):
                structures[name]["sensitive"] = True
        elif "enum" in shape:
            enums[name] = shape["enum"]
        else:
            limits = {key: shape[key] for key in LIMITS if key in shape}
            if limits:
                constraints[name] = {"type": shape["type"], **limits}
            other = {"type": shape["type"]}
            for part in ("member", "key", "value"):
                if part in shape:
                    other[part] = shape[part]["shape"]
            if shape.get("sensitive"):
                other["sensitive"] = True
            others[name] = other

    return {
        "source": f"botocore {botocore.__version__} codepipeline/2015-07-09",
        "metadata": documented(service["metadata"]),
        "groups": groups,
        "operations": operations,
        "enums": enums,
        "constraints": constraints,
        "structures": structures,
        "shapes": others,
        "errors": errors,
    }


def differences(path, old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from differences(f"{path}.{key}", old.get(key), new.get(key))
    elif old != new:
        yield f"{path}: the file has {json.dumps(old)}, botocore has {json.dumps(new)}"


def main():
    written = json.loads(FILE.read_text())
    current = model(written["groups"])
    if "--check" in sys.argv[1:]:
        written["source"] = current["source"]
        found = list(differences("model", written, current))
        print("\n".join(found))
        sys.exit(1 if found else 0)
    FILE.write_text(json.dumps(current, indent=1) + "\n")


main()
