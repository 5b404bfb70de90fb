"""The durable flow of a deployment. Read flow.py first."""
