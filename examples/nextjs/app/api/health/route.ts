export const dynamic = "force-dynamic";

export function GET() {
  return Response.json({ healthy: true, up_s: Math.round(process.uptime()) });
}
