//! Typed configuration from one declaration: the struct, the properties that
//! the description shows, and the decoding that names every mistake at once.

use crate::{Failure, Property, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What an action's configuration holds. Declared with
/// [`configuration!`](crate::configuration); `()` holds nothing.
pub trait Configuration: Sized {
    /// Every key, in the order of the declaration.
    fn properties() -> Vec<Property>;

    /// Reads all keys, or says everything that is wrong with them. Keys that
    /// are not declared are the host's to refuse.
    ///
    /// # Errors
    /// One problem for each key that cannot be read.
    fn decode(values: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>>;
}

/// One mistake in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key.
    pub key: String,
    /// What it holds; absent where it is missing or must not be shown.
    pub value: Option<String>,
    /// What to write.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: '{value}' will not do; {}", self.key, self.remedy),
            None => write!(f, "{}: {}", self.key, self.remedy),
        }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        let all: Vec<String> = problems.iter().map(Problem::to_string).collect();
        Self::configuration(all.join("; "))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        vec![problem].into()
    }
}

impl Configuration for () {
    fn properties() -> Vec<Property> {
        Vec::new()
    }

    fn decode(_: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        Ok(())
    }
}

/// Reads one key; the macro's workhorse. An empty text counts as left out.
#[doc(hidden)]
pub fn read<T: Value>(
    values: &BTreeMap<String, String>,
    property: &Property,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let given = values
        .get(&property.name)
        .map(String::as_str)
        .filter(|text| !text.is_empty());
    let Some(text) = given.or(property.default.as_deref().filter(|d| !d.is_empty())) else {
        let absent = match &property.default {
            Some(empty) => T::read(empty).ok(),
            None => T::absent(),
        };
        if absent.is_none() {
            problems.push(Problem {
                key: property.name.clone(),
                value: None,
                remedy: format!(
                    "is missing; write {} = \"…\" in the action's configuration ({})",
                    property.name, property.description
                ),
            });
        }
        return absent;
    };
    match T::read(text) {
        Ok(value) => Some(value),
        Err(expected) => {
            problems.push(Problem {
                key: property.name.clone(),
                value: (!property.secret).then(|| text.to_owned()),
                remedy: format!("write {expected}"),
            });
            None
        }
    }
}

/// Makes one property; the macro's workhorse.
#[doc(hidden)]
pub fn property<T: Value>(
    name: &str,
    documentation: &[&str],
    secret: bool,
    default: Option<&str>,
) -> Property {
    let lines: Vec<&str> = documentation.iter().map(|line| line.trim()).collect();
    Property {
        name: name.into(),
        description: lines.join(" "),
        kind: T::KIND,
        required: T::REQUIRED && default.is_none(),
        secret,
        default: default.map(str::to_owned),
    }
}

/// Declares a configuration: each line is a key of the definition, a field, its
/// type and, where there is one, the default as the definition would write it.
/// The doc comment is the property's description. A field of type `Option` may
/// be left out; the word `secret` after the key hides the value in every view.
///
/// ```
/// use lockgate_plugin::{Configuration, configuration};
///
/// configuration! {
///     /// Where to connect.
///     #[derive(Debug)]
///     pub struct Connection {
///         /// The server's name.
///         "Host" => host: String,
///         /// Its port.
///         "Port" => port: u16 = "443",
///         /// Who connects.
///         "User" => user: Option<String>,
///     }
/// }
///
/// let values = [("Host", "example.com"), ("Port", "https")];
/// let values = values.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
/// let problems = Connection::decode(&values).unwrap_err();
/// assert_eq!(
///     problems[0].to_string(),
///     "Port: 'https' will not do; write a whole number from 0 to 65535"
/// );
/// ```
#[macro_export]
macro_rules! configuration {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $key:literal $($secret:ident)? => $field:ident : $type:ty $(= $default:literal)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl $crate::Configuration for $name {
            fn properties() -> ::std::vec::Vec<$crate::Property> {
                ::std::vec![ $(
                    $crate::__property::<$type>(
                        $key,
                        &[$($doc),*],
                        $crate::__is_secret!($($secret)?),
                        $crate::__default!($($default)?),
                    )
                ),* ]
            }

            fn decode(
                values: &::std::collections::BTreeMap<::std::string::String, ::std::string::String>,
            ) -> ::core::result::Result<Self, ::std::vec::Vec<$crate::Problem>> {
                let mut problems = ::std::vec::Vec::new();
                $(
                    let $field: ::core::option::Option<$type> = $crate::__read(
                        values,
                        &$crate::__property::<$type>(
                            $key,
                            &[$($doc),*],
                            $crate::__is_secret!($($secret)?),
                            $crate::__default!($($default)?),
                        ),
                        &mut problems,
                    );
                )*
                match ($($field,)*) {
                    ($(::core::option::Option::Some($field),)*) if problems.is_empty() => {
                        ::core::result::Result::Ok(Self { $($field),* })
                    }
                    _ => ::core::result::Result::Err(problems),
                }
            }
        }
    };
}

/// `secret` or nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_secret {
    () => {
        false
    };
    (secret) => {
        true
    };
}

/// A default or nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __default {
    () => {
        ::core::option::Option::None
    };
    ($default:literal) => {
        ::core::option::Option::Some($default)
    };
}

#[cfg(test)]
mod tests {
    use crate::{Configuration, Failure, FailureType, PropertyType};
    use std::collections::BTreeMap;

    crate::configuration! {
        /// Everything at once.
        #[derive(Debug, PartialEq)]
        struct Everything {
            /// Where it
            /// is.
            "Place" => place: String,
            /// How many.
            "Count" => count: u8 = "3",
            /// Whether.
            "Whether" => whether: Option<bool>,
            /// What nobody may see.
            "Pin" secret => pin: Option<u32>,
            /// May be empty.
            "Text" => text: String = "",
        }
    }

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn what_the_definition_leaves_out_has_its_default_or_is_none() {
        let read = Everything::decode(&values(&[("Place", "here"), ("Whether", "")])).unwrap();
        let expected = Everything {
            place: "here".into(),
            count: 3,
            whether: None,
            pin: None,
            text: String::new(),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn every_mistake_is_named_at_once_and_no_secret_is_shown() {
        let wrong = values(&[("Count", "many"), ("Whether", "maybe"), ("Pin", "hunter2")]);
        let failure = Failure::from(Everything::decode(&wrong).unwrap_err());
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert_eq!(
            failure.message,
            "Place: is missing; write Place = \"…\" in the action's configuration (Where it is.); \
             Count: 'many' will not do; write a whole number from 0 to 255; \
             Whether: 'maybe' will not do; write true or false; \
             Pin: write a whole number from 0 to 4294967295"
        );
    }

    #[test]
    fn properties_say_what_the_struct_says() {
        let properties = Everything::properties();
        let seen: Vec<_> = properties
            .iter()
            .map(|p| {
                (
                    p.name.as_str(),
                    p.kind,
                    p.required,
                    p.secret,
                    p.default.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("Place", PropertyType::Text, true, false, None),
                ("Count", PropertyType::Number, false, false, Some("3")),
                ("Whether", PropertyType::Boolean, false, false, None),
                ("Pin", PropertyType::Number, false, true, None),
                ("Text", PropertyType::Text, false, false, Some("")),
            ]
        );
        assert_eq!(properties[0].description, "Where it is.");
    }
}
