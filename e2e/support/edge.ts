import { startEdge } from '../../chat-service/src/edge/embedded-edge.js';
import { createLogger } from '../../chat-service/src/log.js';
import { type Envoy, provideEnvoy, startEnvoy } from '../../scripts/services/envoy.mjs';

/** What stands between browsers and the service. Addresses are host:port. */
export interface Edge {
  readonly clientEdge: string;
  readonly adminEdge: string;
  close(): Promise<void>;
}

/** The edge of `npm start`, as a process of its own would run it: it outlives the service. */
export async function embeddedEdge(grpcAddress: string): Promise<Edge> {
  const common = {
    address: '127.0.0.1:0',
    grpcAddress,
    log: createLogger({ LOG_LEVEL: 'silent', REPLICA_NAME: 'edge' }),
  };
  const client = await startEdge({ ...common, audience: 'client' });
  const admin = await startEdge({ ...common, audience: 'admin' });
  return {
    clientEdge: `127.0.0.1:${client.port}`,
    adminEdge: `127.0.0.1:${admin.port}`,
    close: async () => {
      await Promise.all([client.stop(0), admin.stop(0)]);
    },
  };
}

/** Envoy with the configuration of production, in front of these replicas. */
export async function envoyEdge(
  grpcAddresses: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  change?: (config: string) => string,
): Promise<Envoy> {
  const { program } = await provideEnvoy();
  return startEnvoy({ program, settings: { CHAT_SERVICE_ADDRESSES: grpcAddresses.join(','), ...settings }, change });
}
