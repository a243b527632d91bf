//! Licence expressions as crates write them: SPDX, and the older `MIT/Apache-2.0`.
//! <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Licence {
    /// One licence, with its exception: `Apache-2.0 WITH LLVM-exception`.
    One(String),
    /// Any of these may be chosen.
    Any(Vec<Licence>),
    /// All of these hold.
    All(Vec<Licence>),
}

impl Licence {
    /// Reads an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('/', " / ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut reader = Reader { words: &words };
        let licence = reader.any()?;
        match reader.words {
            [] => Ok(licence),
            [word, ..] => Err(format!("{word:?} was not expected")),
        }
    }

    /// Whether it can be kept with the licences that are allowed.
    pub(crate) fn is_allowed(&self, allowed: &[String]) -> bool {
        match self {
            Self::One(name) => allowed.contains(name),
            Self::Any(choices) => choices.iter().any(|choice| choice.is_allowed(allowed)),
            Self::All(parts) => parts.iter().all(|part| part.is_allowed(allowed)),
        }
    }
}

struct Reader<'w> {
    words: &'w [&'w str],
}

impl Reader<'_> {
    fn take(&mut self, wanted: &[&str]) -> bool {
        let there = self.words.first().is_some_and(|word| wanted.contains(word));
        if there {
            self.words = &self.words[1..];
        }
        there
    }

    fn any(&mut self) -> Result<Licence, String> {
        self.joined(&["OR", "/"], Self::all, Licence::Any)
    }

    /// `AND` binds more strongly than `OR`.
    fn all(&mut self) -> Result<Licence, String> {
        self.joined(&["AND"], Self::one, Licence::All)
    }

    fn joined(
        &mut self,
        by: &[&str],
        part: fn(&mut Self) -> Result<Licence, String>,
        join: fn(Vec<Licence>) -> Licence,
    ) -> Result<Licence, String> {
        let first = part(self)?;
        if !by.iter().any(|word| self.words.first() == Some(word)) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(by) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn one(&mut self) -> Result<Licence, String> {
        if self.take(&["("]) {
            let inner = self.any()?;
            return if self.take(&[")"]) { Ok(inner) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let name = self.name()?;
        if self.take(&["WITH"]) {
            let exception = self.name()?;
            return Ok(Licence::One(format!("{name} WITH {exception}")));
        }
        Ok(Licence::One(name))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.words {
            [] => Err("a name is missing at the end".to_owned()),
            [word, ..] if ["(", ")", "/", "AND", "OR", "WITH"].contains(word) => {
                Err(format!("a name is missing before {word:?}"))
            }
            [word, rest @ ..] => {
                self.words = rest;
                Ok((*word).to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(expression: &str, names: &[&str]) -> bool {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Licence::parse(expression).unwrap().is_allowed(&names)
    }

    #[test]
    fn one_of_several_is_enough_where_one_may_choose() {
        for expression in
            ["MIT OR GPL-3.0", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "GPL-3.0 / MIT", "(GPL-3.0 OR MIT)"]
        {
            assert!(allowed(expression, &["MIT"]), "{expression}");
            assert!(!allowed(expression, &["ISC"]), "{expression}");
        }
    }

    #[test]
    fn all_are_needed_where_all_hold() {
        let expression = "(MIT OR Apache-2.0) AND Unicode-3.0";
        assert!(allowed(expression, &["MIT", "Unicode-3.0"]));
        assert!(!allowed(expression, &["MIT", "Apache-2.0"]));
        assert!(!allowed(expression, &["Unicode-3.0"]));
    }

    #[test]
    fn and_binds_more_strongly_than_or() {
        assert!(allowed("GPL-3.0 AND ISC OR MIT", &["MIT"]));
        assert!(!allowed("MIT AND (GPL-3.0 OR LGPL-3.0)", &["MIT"]));
    }

    #[test]
    fn a_licence_with_an_exception_is_another_licence() {
        let expression = "Apache-2.0 WITH LLVM-exception";
        assert!(!allowed(expression, &["Apache-2.0"]));
        assert!(allowed(expression, &[expression]));
        assert!(allowed("CC0-1.0 OR Apache-2.0 OR Apache-2.0 WITH LLVM-exception", &["Apache-2.0"]));
    }

    #[test]
    fn nonsense_is_no_licence() {
        for text in ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT ISC", "MIT WITH", "MIT WITH OR ISC", "()"]
        {
            assert!(Licence::parse(text).is_err(), "{text:?}");
        }
    }
}
