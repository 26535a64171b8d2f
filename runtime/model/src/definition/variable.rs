//! `#{namespace.key}` inside configuration values (user guide, "Variables"):
//! found before anything runs, resolved just before an action does.

use std::fmt;

/// One reference to a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// `codepipeline`, `variables`, or an action's namespace.
    pub namespace: String,
    /// The variable.
    pub key: String,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{{{}.{}}}", self.namespace, self.key)
    }
}

/// A text with references in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Reference(Reference),
}

/// A text that opens a reference and does not finish it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a variable; write #{{namespace.key}}")]
pub struct TemplateError(pub String);

impl Template {
    /// Finds the references in a text.
    ///
    /// # Errors
    /// A `#{` that is not followed by `namespace.key}`.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("#{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (inside, behind) = after
                .split_once('}')
                .ok_or_else(|| TemplateError(format!("#{{{after}")))?;
            let reference = inside
                .split_once('.')
                .filter(|(namespace, key)| {
                    let word = |text: &str, more: &str| {
                        !text.is_empty()
                            && text
                                .chars()
                                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
                    };
                    word(namespace, "@-_") && word(key, "^@-_[]*$./:")
                })
                .map(|(namespace, key)| Reference {
                    namespace: namespace.to_owned(),
                    key: key.to_owned(),
                })
                .ok_or_else(|| TemplateError(format!("#{{{inside}}}")))?;
            parts.push(Part::Reference(reference));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The references, in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Text(_) => None,
        })
    }

    /// The text with every reference replaced.
    ///
    /// # Errors
    /// The first reference that `value_of` does not know.
    pub fn resolve<'a>(
        &self,
        value_of: impl Fn(&Reference) -> Option<&'a str>,
    ) -> Result<String, Reference> {
        self.parts.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Reference(reference) => {
                    text.push_str(value_of(reference).ok_or_else(|| reference.clone())?);
                }
            }
            Ok(text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_replaced() {
        let template = Template::parse("a #{ns.key} b#{variables.x}").unwrap();
        assert_eq!(template.references().count(), 2);
        let text = template.resolve(|r| (r.namespace == "ns").then_some("1").or(Some("2")));
        assert_eq!(text.unwrap(), "a 1 b2");
        assert_eq!(
            template.resolve(|_| None).unwrap_err().to_string(),
            "#{ns.key}"
        );
    }

    #[test]
    fn a_value_is_never_resolved_twice() {
        let template = Template::parse("#{ns.a}").unwrap();
        assert_eq!(template.resolve(|_| Some("#{ns.b}")).unwrap(), "#{ns.b}");
    }

    #[test]
    fn an_unfinished_reference_is_refused() {
        for bad in ["#{", "#{a", "#{a}", "#{a.}", "#{.b}", "#{a b.c}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
        assert!(Template::parse("${a} # {b} #a").is_ok());
    }
}
