"""An app that only tests install: what a release with new tables looks like to companies that stand already."""
