"""MJML to HTML: reads, checks and rewrites MJML so that the engine's known faults cannot show (docs/decisions/0006-mjml-pipeline.md)."""
