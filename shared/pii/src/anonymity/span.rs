//! What is published of a value: a range, a set, a name of the hierarchy, or nothing.

use super::column::Column;

/// A widened value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Span {
    /// Numbers from one code to another, both included.
    Range(u32, u32),
    /// Exactly these codes, ascending.
    Set(Vec<u32>),
    /// A node of the hierarchy.
    Node(u32),
    /// Nothing is said.
    All,
}

impl Span {
    /// The narrowest span over `codes`, which are ascending.
    pub(super) fn over(column: &Column, codes: &[u32]) -> Self {
        let (Some(first), Some(last)) = (codes.first(), codes.last()) else { return Self::All };
        if column.numbers.is_some() {
            return Self::Range(*first, *last);
        }
        match &column.tree {
            Some(tree) => Self::Node(tree.node(*first, tree.meeting_level(codes))),
            None => Self::Set(codes.to_vec()),
        }
    }

    /// Whether the span is true of a value.
    pub(super) fn covers(&self, column: &Column, code: u32) -> bool {
        match self {
            Self::All => true,
            Self::Range(low, high) => (*low..=*high).contains(&code),
            Self::Set(codes) => codes.binary_search(&code).is_ok(),
            Self::Node(node) => {
                column.tree.as_ref().is_some_and(|tree| (0..tree.levels).any(|level| tree.node(code, level) == *node))
            }
        }
    }

    /// The share of the domain left open: 0 is the value itself, 1 is nothing said.
    pub(super) fn width(&self, column: &Column) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Range(low, high) => column.range_width(*low, *high),
            Self::Set(codes) => column.set_width(codes.len()),
            Self::Node(node) => column.tree.as_ref().map_or(1.0, |tree| tree.width(*node)),
        }
    }

    /// The text that is published: `39`, `30..39`, `{a|b}`, a name, or `*`.
    pub(super) fn text(&self, column: &Column) -> String {
        let label = |code: &u32| column.labels[*code as usize].as_str();
        match self {
            Self::All => "*".to_owned(),
            Self::Range(low, high) if low == high => label(low).to_owned(),
            Self::Range(low, high) => format!("{}..{}", label(low), label(high)),
            Self::Set(codes) => match codes.as_slice() {
                [one] => label(one).to_owned(),
                all if all.len() == column.labels.len() => "*".to_owned(),
                some => format!("{{{}}}", some.iter().map(label).collect::<Vec<_>>().join("|")),
            },
            Self::Node(node) => {
                column.tree.as_ref().map_or_else(|| "*".to_owned(), |tree| tree.names[*node as usize].clone())
            }
        }
    }
}
