//! The operations, what goes in and what comes out of each, and the errors.

use crate::model::{Model, Operation};
use crate::names::{constant, field, type_name, variant};

pub fn write(model: &Model) -> String {
    let groups: std::collections::BTreeSet<_> =
        model.operations.iter().map(|o| o.group.clone()).collect();
    let mut rust = format!(
        "/// What the name of an operation begins with in `X-Amz-Target`, and the\n\
         /// name of the service in a path of rpc-v2-cbor.\n\
         pub const TARGET_PREFIX: &str = {:?};\n",
        model.prefix
    );
    rust += &enumeration("Group", "What an operation is about.", &groups, |group| {
        (group.to_string(), variant(group))
    });
    rust += &enumeration("Operation", "An operation.", &model.operations, |o| {
        (o.name.clone(), variant(&o.name))
    });
    rust += &facts(model);
    for way in ["Input", "Output"] {
        rust += &either(model, way);
    }
    rust += &errors(model);
    rust
}

fn enumeration<T>(
    name: &str,
    meaning: &str,
    values: impl IntoIterator<Item = T>,
    names: impl Fn(&T) -> (String, String),
) -> String {
    let (mut variants, mut texts, mut all) = (String::new(), String::new(), String::new());
    for value in values {
        let (wire, variant) = names(&value);
        variants += &format!("/// `{wire}`\n{variant},\n");
        texts += &format!("Self::{variant} => {wire:?},\n");
        all += &format!("Self::{variant}, ");
    }
    format!(
        "/// {meaning}\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub enum {name} {{\n{variants}}}\n\
         impl {name} {{\n\
         /// All of them, sorted by name.\n\
         pub const ALL: &'static [Self] = &[{all}];\n\
         /// As the service model writes it.\n\
         pub const fn name(self) -> &'static str {{ match self {{\n{texts}}} }}\n\
         /// The one of this name.\n\
         pub fn from_name(name: &str) -> Option<Self> {{\n\
         Self::ALL.iter().copied().find(|one| one.name() == name) }}\n}}\n\n"
    )
}

fn facts(model: &Model) -> String {
    let each = |fact: &dyn Fn(&Operation) -> String| -> String {
        let arm = |o: &Operation| format!("Self::{} => {},\n", variant(&o.name), fact(o));
        model.operations.iter().map(arm).collect()
    };
    let target = each(&|o| format!("{:?}", format!("{}.{}", model.prefix, o.name)));
    let group = each(&|o| format!("Group::{}", variant(&o.group)));
    let body = each(&|o| o.has_output.to_string());
    let errors = each(&|o| {
        let codes = o.errors.iter().map(|e| format!("ErrorCode::{}", error(e)));
        format!("&[{}]", codes.collect::<Vec<_>>().join(", "))
    });
    let way = |way: &str| each(&|o| format!("&schema::{}", constant(&format!("{}{way}", o.name))));
    format!(
        "impl Operation {{\n\
         /// The value of `X-Amz-Target`.\n\
         pub const fn target(self) -> &'static str {{ match self {{\n{target}}} }}\n\
         /// What it is about.\n\
         pub const fn group(self) -> Group {{ match self {{\n{group}}} }}\n\
         /// Whether its answer has a body; ten answer with none.\n\
         pub const fn has_output(self) -> bool {{ match self {{\n{body}}} }}\n\
         /// The errors that the model gives it.\n\
         pub const fn errors(self) -> &'static [ErrorCode] {{ match self {{\n{errors}}} }}\n\
         /// The constraints of what goes in.\n\
         pub fn input_shape(self) -> &'static Shape {{ match self {{\n{}}} }}\n\
         /// The constraints of what comes out.\n\
         pub fn output_shape(self) -> &'static Shape {{ match self {{\n{}}} }}\n}}\n\n",
        way("Input"),
        way("Output")
    )
}

fn either(model: &Model, way: &str) -> String {
    let arms = |arm: &dyn Fn(&Operation, &str, &str) -> String| -> String {
        let one = |o: &Operation| {
            arm(
                o,
                &variant(&o.name),
                &type_name(&format!("{}{way}", o.name)),
            )
        };
        model.operations.iter().map(one).collect()
    };
    let variants = arms(&|o, v, t| format!("/// Of `{}`.\n{v}({t}),\n", o.name));
    let operation = arms(&|_, v, _| format!("Self::{v}(_) => Operation::{v},\n"));
    let read = arms(&|_, v, t| format!("Operation::{v} => Self::{v}({t}::read(node)?),\n"));
    let write = arms(&|_, v, _| format!("Self::{v}(value) => value.write(out),\n"));
    let from = arms(&|_, v, t| {
        format!(
            "impl From<{t}> for {way} {{ fn from(value: {t}) -> Self {{ Self::{v}(value) }} }}\n"
        )
    });
    let page = match way {
        "Input" => page(model),
        _ => String::new(),
    };
    let meaning = match way {
        "Input" => "What a caller asks, whichever operation it is.",
        _ => "What a caller is answered, whichever operation it was.",
    };
    format!(
        "/// {meaning}\n\
         #[derive(Clone, Debug, PartialEq)]\n\
         pub enum {way} {{\n{variants}}}\n\
         impl {way} {{\n\
         /// The operation that it belongs to.\n\
         pub const fn operation(&self) -> Operation {{ match self {{\n{operation}}} }}\n\
         pub(crate) fn read(operation: Operation, node: Node) -> Result<Self, Misfit> {{\n\
         Ok(match operation {{\n{read}}}) }}\n\
         pub(crate) fn write(&self, out: &mut Writer) {{ match self {{\n{write}}} }}\n\
         {page}}}\n{from}\n"
    )
}

fn page(model: &Model) -> String {
    let (mut asked, mut without) = (String::new(), String::new());
    for operation in &model.operations {
        let Some((token, limit)) = &operation.page else {
            continue;
        };
        let (variant, token) = (variant(&operation.name), field(token));
        let limit = limit.as_ref().map(|limit| field(limit));
        let read = limit
            .as_ref()
            .map_or("None".to_owned(), |limit| format!("input.{limit}"));
        asked += &format!(
            "Self::{variant}(input) => Some(Page {{ token: input.{token}.as_deref(), limit: {read} }}),\n"
        );
        let clear = limit.map_or(String::new(), |limit| format!("input.{limit} = None; "));
        without += &format!("Self::{variant}(input) => {{ input.{token} = None; {clear}}}\n");
    }
    format!(
        "/// Which page of an answer in pages is asked for; `None` where answers\n\
         /// have no pages.\n\
         pub fn page(&self) -> Option<Page<'_>> {{ match self {{\n{asked}_ => None }} }}\n\
         /// The same question without a page: what stays the same from page to page.\n\
         pub fn without_page(mut self) -> Self {{ match &mut self {{\n{without}_ => {{}} }} self }}\n"
    )
}

fn errors(model: &Model) -> String {
    let (mut variants, mut texts, mut statuses) = (String::new(), String::new(), String::new());
    let mut all = String::new();
    for (name, status) in &model.errors {
        let variant = error(name);
        variants += &format!("/// `{name}`\n{variant},\n");
        texts += &format!("Self::{variant} => {name:?},\n");
        statuses += &format!("Self::{variant} => {status},\n");
        all += &format!("Self::{variant}, ");
    }
    format!(
        "/// An error that the service model knows.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         pub enum ErrorCode {{\n{variants}}}\n\
         impl ErrorCode {{\n\
         /// All of them, sorted by name.\n\
         pub const ALL: &'static [Self] = &[{all}];\n\
         /// The value of `__type`.\n\
         pub const fn name(self) -> &'static str {{ match self {{\n{texts}}} }}\n\
         /// The HTTP status it is answered with.\n\
         pub const fn status(self) -> u16 {{ match self {{\n{statuses}}} }}\n}}\n"
    )
}

/// `ConflictException` is `Conflict`.
fn error(name: &str) -> String {
    variant(name.strip_suffix("Exception").unwrap_or(name))
}
