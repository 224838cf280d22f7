import { freePort } from '../../scripts/services/network.mjs';
import { ownFolder } from '../../scripts/services/server-process.mjs';
import { HEARTBEAT_SECONDS } from './deployment.js';
import { Replica } from './replica.js';

/** What `npm start` runs: one process, SQLite and the demo platform in a folder, and an edge for each portal. */
export class EmbeddedDeployment {
  private constructor(
    readonly replica: Replica,
    /** host:port of gRPC-Web, by portal. */
    readonly clientEdge: string,
    readonly adminEdge: string,
    private readonly folder: { readonly path: string; release(): void },
  ) {}

  /** `settings` are of config.ts. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<EmbeddedDeployment> {
    const folder = ownFolder('e2e');
    const clientEdge = `127.0.0.1:${await freePort()}`;
    const adminEdge = `127.0.0.1:${await freePort()}`;
    const replica = await Replica.make('embedded', folder.path, {
      DATA_DIRECTORY: folder.path,
      CLIENT_EDGE_ADDRESS: clientEdge,
      ADMIN_EDGE_ADDRESS: adminEdge,
      HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
      DRAIN_SECONDS: '2',
      ...settings,
    });
    await replica.start();
    return new EmbeddedDeployment(replica, clientEdge, adminEdge, folder);
  }

  async close(): Promise<void> {
    await this.replica.kill();
    this.folder.release();
  }
}
