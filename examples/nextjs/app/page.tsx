import { facts } from "./facts";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <p className="mark">
        <Wave /> Seaway
      </p>
      <h1>It sails.</h1>
      <p className="lead">
        This page is a Next.js app, built from a folder and run on a machine of your own. It was rendered just now, by
        the process described here.
      </p>
      <dl>
        {facts().map(({ name, value, remark }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value}
              <small>{remark}</small>
            </dd>
          </div>
        ))}
      </dl>
      <p className="next">
        Change a line of <code>app/page.tsx</code> and run <code>seaway deploy</code> again: this release serves until
        the next one is healthy. <a href="/api/health">Health</a> · <a href="/build.json">Build</a>
      </p>
    </main>
  );
}

function Wave() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <circle cx="16" cy="16" r="16" fill="currentColor" opacity="0.14" />
      <path
        d="M5 18c3.5 0 3.5-4 7.3-4s3.7 4 7.4 4 3.8-4 7.3-4M5 23c3.5 0 3.5-4 7.3-4s3.7 4 7.4 4 3.8-4 7.3-4"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
      />
    </svg>
  );
}
