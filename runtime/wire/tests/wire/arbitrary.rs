//! Values of every shape, made from the tables that check them: what the model
//! allows is what is tried.

use lockgate_wire::{Kind, Shape, Text};
use serde_json::{Map, Number, Value};

/// Chance that gives the same again (splitmix64).
pub struct Chance {
    state: u64,
    /// Times have no fraction: botocore cannot send one.
    pub whole_seconds: bool,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            whole_seconds: false,
        }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn size(&mut self, min: Option<usize>, max: Option<usize>, more: usize) -> usize {
        let min = min.unwrap_or(0);
        let most = max.unwrap_or(usize::MAX).min(min + more);
        // Now and then the whole length.
        match (self.below(20), max) {
            (0, Some(max)) if max <= 300 => max,
            _ => min + self.below(most - min + 1),
        }
    }

    /// A value of this shape, as JSON writes it.
    pub fn value(&mut self, shape: &Shape) -> Value {
        match &shape.kind {
            Kind::Structure(members) => {
                let mut object = Map::new();
                for member in *members {
                    if member.required || self.below(10) < 6 {
                        object.insert(member.name.to_owned(), self.value(member.shape));
                    }
                }
                Value::Object(object)
            }
            Kind::List { member, min, max } => {
                let more = if matches!(member.kind, Kind::Structure(_)) {
                    2
                } else {
                    4
                };
                let size = match &member.kind {
                    Kind::Structure(_) => {
                        min.unwrap_or(0) + self.below(more.min(max.unwrap_or(more)) + 1)
                    }
                    _ => self.size(*min, *max, more),
                };
                let size = size.min(max.unwrap_or(size));
                Value::Array((0..size).map(|_| self.value(member)).collect())
            }
            Kind::Map {
                key,
                value,
                min,
                max,
            } => {
                let size = min.unwrap_or(0) + self.below(max.unwrap_or(3).min(3) + 1);
                let size = size.min(max.unwrap_or(size));
                let mut object = Map::new();
                for _ in 0..size {
                    let Value::String(name) = self.value(key) else {
                        panic!("a key of {} is no text", shape.name);
                    };
                    object.insert(name, self.value(value));
                }
                Value::Object(object)
            }
            Kind::Text(text) => Value::String(self.text(text)),
            Kind::Integer { min, max } => {
                let (min, max) = (min.unwrap_or(-70_000), max.unwrap_or(i64::from(i32::MAX)));
                let span = (max - min) as u64 + 1;
                let number = match self.below(4) {
                    0 => min,
                    1 => max,
                    _ => min + (self.next() % span) as i64,
                };
                Value::from(number)
            }
            Kind::Boolean => Value::from(self.below(2) == 0),
            Kind::Timestamp => {
                let seconds = self.below(4_000_000_000);
                let fraction = if self.whole_seconds {
                    0
                } else {
                    self.below(2) * self.below(1000)
                };
                match fraction {
                    0 => Value::from(seconds),
                    fraction => {
                        let time = format!("{seconds}.{fraction:03}");
                        Value::Number(Number::from_f64(time.parse().unwrap()).unwrap())
                    }
                }
            }
        }
    }

    fn text(&mut self, text: &Text) -> String {
        if !text.values.is_empty() {
            return (*self.one(text.values)).to_owned();
        }
        let size = self.size(text.min, text.max, 12);
        let Some(pattern) = text.pattern else {
            return self.letters("abcXYZ019 -_./:\"\\\n\t\u{1}{}[],üß漢🚦", size);
        };
        let source = pattern.source();
        let made = match source {
            "[0-9]{12}" | "[0-9]{12}|\\*" => self.letters("0123456789", 12),
            "AWS|ThirdParty" => (*self.one(&["AWS", "ThirdParty"])).to_owned(),
            ".*" => self.letters("abc \"\\\t*漢🚦", size),
            "^[a-zA-Z0-9-]+$" => self.letters("azAZ09-", size.max(1)),
            arn if arn.starts_with("arn:aws") => {
                let account = self.letters("0123456789", 12);
                let name = self.letters("azAZ09-_/", 8);
                match arn.split(':').nth(2) {
                    Some("iam") => format!("arn:aws-cn:iam::{account}:role/{name}"),
                    Some("lambda") => format!("arn:aws:lambda:eu-west-1:{account}:function:{name}"),
                    _ => format!("arn:aws-us-gov:codepipeline:eu-west-1:{account}:{name}"),
                }
            }
            uuid if uuid.starts_with("[0-9a-f]{8}") => {
                let parts = [8, 4, 4, 4, 12].map(|size| self.letters("0123456789abcdef", size));
                parts.join("-")
            }
            set => {
                let known: String = ('!'..='~')
                    .chain([' '])
                    .filter(|letter| pattern.matches(&letter.to_string()))
                    .collect();
                assert!(!known.is_empty(), "no letter matches {set}");
                self.letters(&known, size.max(1))
            }
        };
        assert!(pattern.matches(&made), "{made} does not match {source}");
        made
    }

    fn letters(&mut self, of: &str, size: usize) -> String {
        let of: Vec<char> = of.chars().collect();
        (0..size).map(|_| *self.one(&of)).collect()
    }
}
