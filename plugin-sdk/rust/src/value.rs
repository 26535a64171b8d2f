//! Values of configuration keys: how one text becomes one typed value, and what
//! to write where it does not.

use crate::PropertyType;
use serde::de::DeserializeOwned;

/// A type that a configuration key can have.
pub trait Value: Sized {
    /// How the contract names it.
    const KIND: PropertyType;
    /// The definition must give it, unless there is a default.
    const REQUIRED: bool = true;

    /// Reads a text that is not empty.
    ///
    /// # Errors
    /// What to write instead: "a whole number from 0 to 255".
    fn read(text: &str) -> Result<Self, String>;

    /// The value of a key that is left out or empty, where that is allowed.
    fn absent() -> Option<Self> {
        None
    }
}

impl Value for String {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Value for bool {
    const KIND: PropertyType = PropertyType::Boolean;

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false".into()),
        }
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: PropertyType = T::KIND;
    const REQUIRED: bool = false;

    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

macro_rules! whole_number {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const KIND: PropertyType = PropertyType::Number;

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| {
                    format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX)
                })
            }
        }
    )+ };
}

whole_number!(u8, u16, u32, u64, i32, i64);

/// A value that the definition writes as JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Json<T>(
    /// What the text says.
    pub T,
);

impl<T: DeserializeOwned> Value for Json<T> {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| format!("JSON of the documented form ({error})"))
    }
}

/// Declares an enum that is one of a few words in a definition.
///
/// ```
/// lockgate_plugin::choice! {
///     /// How loud.
///     #[derive(Debug, PartialEq)]
///     pub enum Volume {
///         /// Hardly audible.
///         Low = "low",
///         /// For parties.
///         High = "high",
///     }
/// }
/// use lockgate_plugin::Value;
/// assert_eq!(Volume::read("low"), Ok(Volume::Low));
/// assert_eq!(Volume::read("loud"), Err("low or high".to_owned()));
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$vmeta:meta])* $variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis enum $name { $( $(#[$vmeta])* $variant ),+ }

        impl $crate::Value for $name {
            const KIND: $crate::PropertyType = $crate::PropertyType::Text;

            fn read(text: &str) -> ::core::result::Result<Self, ::std::string::String> {
                match text {
                    $( $text => Ok(Self::$variant), )+
                    _ => Err([$($text),+].join(" or ")),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_says_what_to_write() {
        assert_eq!(u8::read("256").unwrap_err(), "a whole number from 0 to 255");
        assert_eq!(bool::read("yes").unwrap_err(), "true or false");
        let error = Json::<Vec<String>>::read("[1]").unwrap_err();
        assert!(
            error.starts_with("JSON of the documented form (invalid type"),
            "{error}"
        );
    }

    #[test]
    fn an_optional_value_is_read_as_what_it_holds() {
        assert_eq!(Option::<u16>::read("80"), Ok(Some(80)));
        assert_eq!(Option::<u16>::absent(), Some(None));
        assert_eq!(u16::absent(), None);
    }
}
