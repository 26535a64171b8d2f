//! Which of two tags is the newer version, and whether a tag fits a glob.

use std::cmp::Ordering;

/// Compares names as versions: runs of digits as numbers, and a name that goes
/// on with `-` (`v1.0-rc1`) comes before the one that ends there (`v1.0`).
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (x, y) = match (a.first(), b.first()) {
            (None, None) => return Ordering::Equal,
            (None, Some(b'-')) => return Ordering::Greater,
            (Some(b'-'), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (*x, *y),
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (number(&mut a), number(&mut b));
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
            if order != Ordering::Equal {
                return order;
            }
        } else if x == y {
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        } else {
            // "1.0-rc" before "1.0.1".
            return match (x, y) {
                (b'-', _) => Ordering::Less,
                (_, b'-') => Ordering::Greater,
                _ => x.cmp(&y),
            };
        }
    }
}

/// Takes the leading digits, and returns them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// Whether `name` fits `glob`: `*` stands for any text, `?` for one byte, and
/// all else for itself.
#[must_use]
pub fn matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (glob.get(g), name.get(n)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                star = Some((g + 1, n));
                g += 1;
            }
            (Some(b'?'), Some(_)) => {
                g += 1;
                n += 1;
            }
            (Some(x), Some(y)) if x == y => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((after, taken)) if taken < name.len() => {
                    star = Some((after, taken + 1));
                    g = after;
                    n = taken + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_in_which_they_are_released() {
        let released = [
            "v0.9",
            "v1.0.0-alpha",
            "v1.0.0-rc1",
            "v1.0.0-rc2",
            "v1.0.0-rc10",
            "v1.0.0",
            "v1.0.1",
            "v1.2",
            "v1.10",
            "v1.10.1",
            "v2",
        ];
        for (i, a) in released.iter().enumerate() {
            for (j, b) in released.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn a_glob_fits_as_in_a_shell() {
        for (glob, name) in [
            ("*", ""),
            ("v*", "v1"),
            ("v?.*", "v1.2"),
            ("*a*b", "xaybab"),
            ("v", "v"),
        ] {
            assert!(matches(glob.as_bytes(), name.as_bytes()), "{glob} {name}");
        }
        for (glob, name) in [
            ("", "v"),
            ("v?", "v"),
            ("v*1", "v2"),
            ("*a*b", "ba"),
            ("V", "v"),
        ] {
            assert!(!matches(glob.as_bytes(), name.as_bytes()), "{glob} {name}");
        }
    }
}
