"""Pictures of flat shapes: what they are, how they are drawn, described and judged."""
