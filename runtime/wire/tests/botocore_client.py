"""Real boto3 clients, offline: every call is answered here, before a socket.

Reads lines of JSON, each a call:
    {"operation", "protocol": "json" | "cbor", "input", "session": bool,
     "reply": {"status", "headers", "body"}}
and writes for each what the client sent (signed) and what it understood:
    {"request": {"method", "url", "headers", "body"}, "parsed" | "error"}
A call with "presign" is signed in the query instead, and has no answer.
Bodies are base64. Times are seconds, here and there.
"""

import base64
import datetime
import json
import sys

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.loaders
import botocore.session

ENDPOINT = "http://127.0.0.1:8080"
REGION = "eu-west-1"
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="
PROTOCOLS = {"json": ["json"], "cbor": ["smithy-rpc-v2-cbor"]}


class Loader(botocore.loaders.Loader):
    """Gives the service model with the one protocol that is wanted."""

    protocol = "json"

    def load_service_model(self, service_name, type_name, api_version=None):
        model = super().load_service_model(service_name, type_name, api_version)
        if service_name == "codepipeline" and type_name == "service-2":
            model = dict(model, metadata=dict(model["metadata"]))
            model["metadata"]["protocols"] = PROTOCOLS[self.protocol]
            model["metadata"]["protocol"] = PROTOCOLS[self.protocol][0]
        return model


def client(protocol, session_token):
    session = botocore.session.Session()
    loader = Loader()
    loader.protocol = protocol
    session.register_component("data_loader", loader)
    made = boto3.Session(botocore_session=session).client(
        "codepipeline",
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TOKEN if session_token else None,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    made.meta.events.register("before-send", Wire.answer)
    return made


class Raw:
    """What urllib3 would have given."""

    def __init__(self, body):
        self.body = body

    def stream(self, *_args, **_kwargs):
        yield self.body


class Wire:
    reply = None
    request = None

    @classmethod
    def answer(cls, request, **_):
        cls.request = shown(request)
        reply = cls.reply
        body = base64.b64decode(reply["body"])
        headers = botocore.awsrequest.HeadersDict(reply["headers"])
        return botocore.awsrequest.AWSResponse(request.url, reply["status"], headers, Raw(body))


def shown(request):
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    body = request.body or b""
    body = body if isinstance(body, bytes) else body.encode()
    return {
        "method": request.method,
        "url": request.url,
        "headers": [[name, text(value)] for name, value in request.headers.items()],
        "body": base64.b64encode(body).decode(),
    }


def seconds(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(f"{value!r} is nothing that a client should be answered with")


def presigned(call):
    token = TOKEN if call["session"] else None
    credentials = botocore.credentials.Credentials(KEY, SECRET, token)
    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=f"{ENDPOINT}/",
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"CodePipeline_20150709.{call['operation']}",
        },
        data=json.dumps(call["input"]).encode(),
    )
    botocore.auth.SigV4QueryAuth(credentials, "codepipeline", REGION, expires=300).add_auth(request)
    return {"request": shown(request.prepare())}


def main():
    clients = {
        (protocol, session): client(protocol, session)
        for protocol in PROTOCOLS
        for session in (False, True)
    }
    for line in sys.stdin:
        call = json.loads(line)
        if call.get("presign"):
            print(json.dumps(presigned(call)))
            continue
        Wire.reply = call["reply"]
        made = clients[call["protocol"], call["session"]]
        method = getattr(made, botocore.xform_name(call["operation"]))
        try:
            parsed = method(**call["input"])
            del parsed["ResponseMetadata"]
            outcome = {"parsed": parsed}
        except botocore.exceptions.ClientError as error:
            outcome = {
                "error": {
                    "class": type(error).__name__,
                    "code": error.response["Error"]["Code"],
                    "message": error.response["Error"]["Message"],
                    "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
                    "request_id": error.response["ResponseMetadata"].get("RequestId"),
                }
            }
        print(json.dumps({"request": Wire.request, **outcome}, default=seconds))


main()
