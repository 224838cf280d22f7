import { Deployment } from '../support/deployment.js';
import type { Replica } from '../support/replica.js';
import { Undo } from '../support/undo.js';
import { Line } from './line.js';
import { type Place, rotated } from './participant.js';
import { type Servers, startServers } from './servers.js';

/** Short, so that tokens are refreshed and streams moved while things are broken; in production 480. */
const ACCESS_TOKEN_SECONDS = '60';

/** A replica with a breakable line to each of its neighbours; of several nodes its own come first. */
export interface Post {
  readonly name: string;
  readonly replica: Replica;
  readonly databaseLine: Line;
  readonly brokerLine: Line;
  readonly clientLine: Line;
}

/** All that a run breaks, and what it is seen by. */
export class Field {
  private constructor(
    readonly servers: Servers,
    readonly deployment: Deployment,
    readonly posts: readonly Post[],
    private readonly undo: Undo,
  ) {}

  /** `beforeReplicas` is called when the servers are there and the replicas are not. */
  static async prepare(
    { replicas, isCluster }: { readonly replicas: number; readonly isCluster: boolean },
    beforeReplicas: (servers: Servers) => Promise<void>,
  ): Promise<Field> {
    const undo = new Undo();
    try {
      const servers = await startServers(isCluster, undo);
      await beforeReplicas(servers);
      const names = ['one', 'two', 'three', 'four', 'five'].slice(0, replicas);
      const lines = new Map<string, { databaseLine: Line; brokerLine: Line }>();
      for (const [index, name] of names.entries()) {
        const line = {
          databaseLine: await Line.before(rotated(servers.databases, index).map(({ url }) => url)),
          brokerLine: await Line.before(rotated(servers.brokers, index).map(({ url }) => url)),
        };
        lines.set(name, line);
        undo.later(() => Promise.all([line.databaseLine.refuse(), line.brokerLine.refuse()]));
      }
      const deployment = await Deployment.start(servers, {
        names,
        settingsOf: (name, settings) => {
          const line = lines.get(name);
          if (line === undefined) return settings;
          return {
            ...settings,
            DATABASE_URL: line.databaseLine.through(settings.DATABASE_URL ?? ''),
            PLATFORM_DATABASE_URL: line.databaseLine.through(settings.PLATFORM_DATABASE_URL ?? ''),
            RABBITMQ_URL: line.brokerLine.through(settings.RABBITMQ_URL ?? ''),
            ACCESS_TOKEN_SECONDS,
            LOG_LEVEL: 'info',
          };
        },
      });
      // Its servers end with it, whatever state they are in.
      undo.later(() => deployment.close().catch(() => undefined));
      const posts: Post[] = [];
      for (const replica of deployment.replicas) {
        const line = lines.get(replica.name);
        if (line === undefined) continue;
        const clientLine = await Line.before([`http://${replica.address}`]);
        undo.later(() => clientLine.refuse());
        posts.push({ name: replica.name, replica, ...line, clientLine });
      }
      return new Field(servers, deployment, posts, undo);
    } catch (error) {
      await undo.all();
      throw error;
    }
  }

  get places(): Place[] {
    return this.posts.map(({ name, replica, clientLine }) => ({ name, address: clientLine.through(replica.address) }));
  }

  async close(): Promise<void> {
    await this.undo.all();
  }
}
