import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audience } from '../identity/caller.js';

/** Answers GET and HEAD for everything that is not a method of the API. */
export type PortalPages = (request: IncomingMessage, response: ServerResponse) => void;

const style = 'body{font:1.125rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}';
const styleHash = createHash('sha256').update(style).digest('base64');
const titles: Readonly<Record<Audience, string>> = { client: 'Client portal', admin: 'Admin portal' };

/** In place of a portal whose files are not part of this build: one page that says so. */
export function missingPortal(audience: Audience): PortalPages {
  const title = titles[audience];
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: not built yet</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>The pages of this portal are not part of this build yet.</p>
<p>Its API works: this address answers gRPC-Web calls, for example of the chat's SDK.</p>
</main>
</body>
</html>
`;
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== '/') {
      response
        .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
        .end('There is nothing at this address.\n');
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    });
    response.end(request.method === 'HEAD' ? undefined : page);
  };
}
