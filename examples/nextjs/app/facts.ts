import { hostname } from "node:os";

export type Fact = { name: string; value: string; remark: string };

/** What the running process can say about itself. */
export function facts(): Fact[] {
  const user = process.getuid?.() ?? 0;
  return [
    { name: "Node.js", value: process.version, remark: `${process.platform}, ${process.arch}` },
    { name: "Instance", value: hostname(), remark: "the container that answered you" },
    { name: "User", value: `uid ${user}`, remark: user === 0 ? "root: better not" : "not root" },
    { name: "Memory", value: `${Math.round(process.memoryUsage.rss() / 1024 ** 2)} MB`, remark: "resident now" },
    { name: "Up for", value: upFor(process.uptime()), remark: "since this release started" },
    { name: "Port", value: process.env.PORT ?? "3000", remark: "given by PORT" },
  ];
}

function upFor(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}
