"""What is told of a verdict: findings, waivers, baselines, and what a change touched."""
