//! Every output format on reports made by hand: what it says, that it says it in
//! the reader's own format, and that a hostile document stays text in it.

mod fixture;
mod formats;
mod hostile;
mod sarif;
mod text;
mod verdict;
