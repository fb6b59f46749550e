//! The tree of field names that have CSV columns. Which cell goes where is in `csv_columns`, what is left over in `csv_other`.

/// The fields below one name, and the column that takes the value there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    children: Vec<(String, Self)>,
    pub(crate) column: Option<usize>,
}

impl Node {
    /// The fields below, in the order of the data map.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().map(|(_, child)| child)
    }

    /// The child of that name; `expected` is where it stands if the row has the map's order.
    pub(crate) fn child(&self, name: &str, expected: usize) -> Option<(usize, &Self)> {
        if let Some((key, child)) = self.children.get(expected)
            && key == name
        {
            return Some((expected, child));
        }
        let at = self.children.iter().position(|(key, _)| key == name)?;
        Some((at, &self.children[at].1))
    }

    /// The child of that name, made if there is none yet.
    pub(crate) fn child_mut(&mut self, name: &str) -> &mut Self {
        let at = self.children.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
            self.children.push((name.to_owned(), Self::default()));
            self.children.len() - 1
        });
        &mut self.children[at].1
    }
}
