import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { portalFiles } from '../../chat-service/src/edge/portal-files.js';
import { freePort } from '../../scripts/services/network.mjs';

export type Portal = 'client-portal' | 'admin-portal';

/** The built portal: `npm test` builds it before. */
export function filesOf(portal: Portal): string {
  return fileURLToPath(new URL(`../../${portal}/dist`, import.meta.url));
}

/** A server of a portal's files, as nginx is one behind Envoy. */
export async function servePortal(portal: Portal): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createServer(portalFiles(portal, filesOf(portal)));
  const address = `127.0.0.1:${await freePort()}`;
  server.listen(Number(address.split(':')[1]), '127.0.0.1');
  await once(server, 'listening');
  return {
    address,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
