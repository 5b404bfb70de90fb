const port = Number(Deno.env.get("PORT") ?? "8000");
Deno.serve({ port, hostname: "0.0.0.0" }, (request: Request) => {
  const { pathname } = new URL(request.url);
  return Response.json({ ok: true, pathname, deno: Deno.version.deno });
});
