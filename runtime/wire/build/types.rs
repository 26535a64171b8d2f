//! Structures and enums, with their way in from a tree and out to a writer.

use std::fmt::Write;

use crate::model::{Kind, Member, Model, Structure};
use crate::names::{field, type_name, variant};

pub fn write(model: &Model) -> String {
    let mut rust = String::new();
    for (name, values) in &model.enums {
        rust += &enumeration(name, values);
    }
    for (name, structure) in &model.structures {
        rust += &declaration(model, name, structure);
        rust += &codec(model, name, structure);
        rust += &debug(model, name, structure);
    }
    rust
}

fn enumeration(shape: &str, values: &[String]) -> String {
    let name = type_name(shape);
    let (mut variants, mut texts, mut all) = (String::new(), String::new(), String::new());
    for value in values {
        let variant = variant(value);
        variants += &format!("/// `{value}`\n{variant},\n");
        texts += &format!("Self::{variant} => {value:?},\n");
        all += &format!("Self::{variant}, ");
    }
    format!(
        "/// `{shape}` of the wire.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub enum {name} {{\n{variants}}}\n\
         impl {name} {{\n\
         /// Every value, in the order of the model.\n\
         pub const ALL: &'static [Self] = &[{all}];\n\
         /// As the wire writes it.\n\
         pub const fn as_str(self) -> &'static str {{ match self {{\n{texts}}} }}\n\
         /// The value that the wire writes so.\n\
         pub fn from_wire(text: &str) -> Option<Self> {{\n\
         Self::ALL.iter().copied().find(|value| value.as_str() == text) }}\n\
         pub(crate) fn read(node: Node) -> Result<Self, Misfit> {{\n\
         Self::from_wire(&read::text(node)?).ok_or(Misfit::Value({shape:?})) }}\n\
         }}\n\
         impl std::fmt::Display for {name} {{\n\
         fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n\
         f.write_str(self.as_str()) }} }}\n\n"
    )
}

fn declaration(model: &Model, shape: &str, structure: &Structure) -> String {
    let default = match structure.members.iter().any(|member| member.required) {
        true => "",
        false => ", Default",
    };
    let mut rust = format!(
        "/// `{shape}` of the wire.\n#[derive(Clone, PartialEq{default})]\npub struct {} {{\n",
        type_name(shape)
    );
    for member in &structure.members {
        let (name, rust_type) = (&member.name, member_type(model, member));
        let need = if member.required { " (required)" } else { "" };
        let _ = write!(
            rust,
            "/// `{name}`{need}\npub {}: {rust_type},\n",
            field(name)
        );
    }
    rust + "}\n"
}

fn member_type(model: &Model, member: &Member) -> String {
    let inner = rust_type(model, &member.shape);
    match member.required {
        true => inner,
        false => format!("Option<{inner}>"),
    }
}

fn rust_type(model: &Model, shape: &str) -> String {
    match model.kind(shape) {
        Kind::Structure | Kind::Enum => type_name(shape),
        Kind::List(member) => format!("Vec<{}>", rust_type(model, &member)),
        Kind::Map(_, value) => format!("BTreeMap<String, {}>", rust_type(model, &value)),
        Kind::Text => "String".to_owned(),
        Kind::Integer => "i32".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Timestamp => "Timestamp".to_owned(),
    }
}

fn codec(model: &Model, shape: &str, structure: &Structure) -> String {
    let (mut slots, mut arms, mut built) = (String::new(), String::new(), String::new());
    let (mut required, mut optional, mut written) = (0, Vec::new(), String::new());
    for (at, member) in structure.members.iter().enumerate() {
        let (name, field) = (&member.name, field(&member.name));
        let reader = reader(model, &member.shape);
        slots += &format!("let mut m{at} = None;\n");
        arms += &format!("{name:?} => m{at} = Some({reader}(value)?),\n");
        if member.required {
            built += &format!("{field}: m{at}.ok_or(Misfit::Missing({name:?}))?,\n");
            let writer = writer(model, &member.shape, &format!("self.{field}"), true);
            required += 1;
            written += &format!("out.name({name:?}); {writer};\n");
        } else {
            built += &format!("{field}: m{at},\n");
            let writer = writer(model, &member.shape, "value", false);
            optional.push(format!("usize::from(self.{field}.is_some())"));
            written += &format!(
                "if let Some(value) = &self.{field} {{ out.name({name:?}); {writer}; }}\n"
            );
        }
    }
    let walk = if structure.members.is_empty() {
        "read::members(node)?.for_each(drop);".to_owned()
    } else {
        format!(
            "for (name, value) in read::members(node)? {{ match name.as_str() {{\n{arms}_ => {{}} }} }}"
        )
    };
    if required > 0 || optional.is_empty() {
        optional.insert(0, required.to_string());
    }
    let count = optional.join(" + ");
    format!(
        "impl {} {{\n\
         pub(crate) fn read(node: Node) -> Result<Self, Misfit> {{\n{slots}{walk}\n\
         Ok(Self {{\n{built}}}) }}\n\
         pub(crate) fn write(&self, out: &mut Writer) {{\n\
         out.open({count});\n{written}out.close(); }}\n}}\n",
        type_name(shape)
    )
}

/// A function from a tree to the value.
fn reader(model: &Model, shape: &str) -> String {
    match model.kind(shape) {
        Kind::Structure | Kind::Enum => format!("{}::read", type_name(shape)),
        Kind::List(member) => format!("read::list({})", reader(model, &member)),
        Kind::Map(_, value) => format!("read::map({})", reader(model, &value)),
        Kind::Text => "read::text".to_owned(),
        Kind::Integer => "read::integer".to_owned(),
        Kind::Boolean => "read::boolean".to_owned(),
        Kind::Timestamp => "read::time".to_owned(),
    }
}

/// An expression that writes the value, which is owned or a reference.
fn writer(model: &Model, shape: &str, value: &str, owned: bool) -> String {
    let (reference, copy) = match owned {
        true => (format!("&{value}"), value.to_owned()),
        false => (value.to_owned(), format!("*{value}")),
    };
    match model.kind(shape) {
        Kind::Structure => format!("{value}.write(out)"),
        Kind::Enum => format!("out.text({value}.as_str())"),
        Kind::List(member) => format!(
            "out.list({reference}, |out, item| {})",
            writer(model, &member, "item", false)
        ),
        Kind::Map(_, entry) => format!(
            "out.map({reference}, |out, item| {})",
            writer(model, &entry, "item", false)
        ),
        Kind::Text if model.sensitive(shape) => format!("out.secret({reference})"),
        Kind::Text => format!("out.text({reference})"),
        Kind::Integer => format!("out.integer({copy})"),
        Kind::Boolean => format!("out.boolean({copy})"),
        Kind::Timestamp => format!("out.time({copy})"),
    }
}

/// A secret is not shown where a structure is printed.
fn debug(model: &Model, shape: &str, structure: &Structure) -> String {
    let mut fields = String::new();
    for member in &structure.members {
        let (name, field) = (member.name.as_str(), field(&member.name));
        fields += &match structure.sensitive || model.sensitive(&member.shape) {
            true => format!(".field({name:?}, &\"[hidden]\")"),
            false => format!(".field({name:?}, &self.{field})"),
        };
    }
    format!(
        "impl std::fmt::Debug for {name} {{\n\
         fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n\
         f.debug_struct({shape:?}){fields}.finish() }} }}\n\n",
        name = type_name(shape)
    )
}
