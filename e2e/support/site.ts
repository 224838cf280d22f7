import { Deployment, type Settings } from './deployment.js';
import { envoyEdge } from './edge.js';
import { EmbeddedDeployment } from './embedded-deployment.js';
import { givenUrl } from './given-url.js';
import { filesOf, servePortal } from './portal-files.js';
import type { Replica } from './replica.js';
import { Undo } from './undo.js';

/** Something of a site that may end without a word and come back. */
export interface Breakable {
  readonly name: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Both portals at their addresses, with all that is behind them. */
export interface Site {
  /** URLs on `localhost`, as people type them: to a browser both portals are one host. */
  readonly clientPortal: string;
  readonly adminPortal: string;
  readonly replicas: readonly Replica[];
  readonly edge: Breakable;
  close(): Promise<void>;
}

export interface DeployedSite extends Site {
  readonly query: Deployment['query'];
}

/** As in production: real Envoy, MariaDB and RabbitMQ, two replicas, with these settings of config.ts beside the usual. */
export async function envoySite(settings: Settings = {}): Promise<DeployedSite> {
  return build(async (undo) => {
    const deployment = await Deployment.start(
      { mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl: givenUrl('TEST_RABBITMQ_URL') },
      { settingsOf: (_, usual) => ({ ...usual, ...settings }) },
    );
    undo.later(() => deployment.close());
    const client = await servePortal('client-portal');
    undo.later(() => client.close());
    const admin = await servePortal('admin-portal');
    undo.later(() => admin.close());
    const { replicas } = deployment;
    const envoy = await envoyEdge(
      replicas.map(({ address }) => address),
      { CLIENT_PORTAL_ADDRESS: client.address, ADMIN_PORTAL_ADDRESS: admin.address },
    );
    undo.later(() => envoy.close());
    const edge = { name: 'Envoy', kill: () => envoy.kill(), start: () => envoy.start() };
    return { ...urls(envoy), replicas, edge, query: deployment.query.bind(deployment) };
  });
}

/** What `npm start` runs: one process is service and edge. */
export async function embeddedSite(): Promise<Site> {
  return build(async (undo) => {
    const deployment = await EmbeddedDeployment.start({
      CLIENT_PORTAL_FILES: filesOf('client-portal'),
      ADMIN_PORTAL_FILES: filesOf('admin-portal'),
    });
    undo.later(() => deployment.close());
    return { ...urls(deployment), replicas: [deployment.replica], edge: deployment.replica };
  });
}

async function build<Made>(make: (undo: Undo) => Promise<Made>): Promise<Made & Pick<Site, 'close'>> {
  const undo = new Undo();
  try {
    return { ...(await make(undo)), close: () => undo.all() };
  } catch (error) {
    await undo.all();
    throw error;
  }
}

function urls({ clientEdge, adminEdge }: { readonly clientEdge: string; readonly adminEdge: string }) {
  const named = (address: string): string => `http://${address.replace('127.0.0.1', 'localhost')}/`;
  return { clientPortal: named(clientEdge), adminPortal: named(adminEdge) };
}
