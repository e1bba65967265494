"""Everything around the product: clusters to try it on, the demo, the test runner."""
