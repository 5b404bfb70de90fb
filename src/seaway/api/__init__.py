"""The HTTP API: JSON in and out, problems as RFC 9457, logs as server-sent events. docs/api.md describes it."""
