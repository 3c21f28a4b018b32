//! The one integration binary: every test that looks at gatelint from outside.
