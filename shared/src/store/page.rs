//! Pages of lists.

/// One page of a list, with where to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Passed back to get the next page; `None` at the end.
    pub next: Option<String>,
}
