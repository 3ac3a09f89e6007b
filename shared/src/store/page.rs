//! Pages of lists.

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this back to get the next page; `None` at the end.
    pub next: Option<String>,
}
