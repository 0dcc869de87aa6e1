//! Expressions as text: operators, constants, and where parentheses stand.

use crate::words;

/// How tightly an expression binds; a looser one inside a tighter one gets parentheses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Binding {
    /// A name, a call, a concatenation, a literal.
    Atom,
    /// A unary operator.
    Unary,
    /// A binary operator, by its symbol.
    Binary(&'static str),
    /// A choice.
    Ternary,
}

/// An expression that may stand inside another.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub code: String,
    pub binding: Binding,
}

impl Text {
    pub fn atom(code: impl Into<String>) -> Self {
        Text {
            code: code.into(),
            binding: Binding::Atom,
        }
    }

    /// As an operand of anything.
    pub fn operand(&self) -> String {
        match self.binding {
            Binding::Atom => self.code.clone(),
            _ => format!("({})", self.code),
        }
    }

    pub fn unary(symbol: &str, a: &Text) -> Self {
        Text {
            code: format!("{symbol}{}", a.operand()),
            binding: Binding::Unary,
        }
    }

    /// `a symbol b`; chains of one associative symbol need no parentheses, nor do unary operands.
    pub fn binary(symbol: &'static str, a: &Text, b: &Text) -> Self {
        let associative = matches!(symbol, "&" | "|" | "^");
        let side = |x: &Text| match x.binding {
            Binding::Atom => x.code.clone(),
            Binding::Unary if x.code.starts_with('~') => x.code.clone(),
            Binding::Binary(inner) if associative && inner == symbol => x.code.clone(),
            _ => x.operand(),
        };
        Text {
            code: format!("{} {symbol} {}", side(a), side(b)),
            binding: Binding::Binary(symbol),
        }
    }

    pub fn ternary(c: &Text, t: &Text, e: &Text) -> Self {
        let code = format!("{} ? {} : {}", c.operand(), t.operand(), e.operand());
        Text {
            code,
            binding: Binding::Ternary,
        }
    }
}

/// `8'd5`, `16'h86dd`.
pub(crate) fn literal(value: &[u64], width: u32) -> String {
    if width == 1 {
        return format!("1'b{}", value[0]);
    }
    if words::is_ones(value, width) && width > 32 {
        return format!("{{{width}{{1'b1}}}}");
    }
    let top = value.iter().rposition(|&word| word != 0).unwrap_or(0);
    if top == 0 && value[0] < 10 {
        return format!("{width}'d{}", value[0]);
    }
    let mut digits = format!("{:x}", value[top]);
    for word in value[..top].iter().rev() {
        digits.push_str(&format!("{word:016x}"));
    }
    format!("{width}'h{digits}")
}

/// `[15:0] `, or nothing for a single bit.
pub(crate) fn range(width: u32) -> String {
    match width {
        1 => String::new(),
        _ => format!("[{}:0] ", width - 1),
    }
}

/// Bits `lo..lo + width` of what is called `name` and has `whole` bits.
pub(crate) fn bits(name: &str, whole: u32, lo: u32, width: u32) -> String {
    match width {
        _ if width == whole => name.into(),
        1 => format!("{name}[{lo}]"),
        _ => format!("{name}[{}:{lo}]", lo + width - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_sized() {
        assert_eq!(literal(&[1], 1), "1'b1");
        assert_eq!(literal(&[5], 8), "8'd5");
        assert_eq!(literal(&[0x86dd], 16), "16'h86dd");
        assert_eq!(literal(&[1, 2], 128), "128'h20000000000000001");
        assert_eq!(literal(&[u64::MAX], 64), "{64{1'b1}}");
    }

    #[test]
    fn parentheses_stand_where_operators_mix() {
        let [a, b, c] = ["a", "b", "c"].map(Text::atom);
        let or = Text::binary("|", &a, &b);
        assert_eq!(Text::binary("|", &or, &c).code, "a | b | c");
        assert_eq!(Text::binary("&", &or, &c).code, "(a | b) & c");
        assert_eq!(
            Text::binary("&", &Text::unary("~", &or), &c).code,
            "~(a | b) & c"
        );
        let sub = Text::binary("-", &a, &b);
        assert_eq!(Text::binary("-", &a, &sub).code, "a - (a - b)");
        assert_eq!(
            Text::binary("&", &Text::unary("|", &a), &c).code,
            "(|a) & c"
        );
    }
}
