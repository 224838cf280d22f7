import { TcpProxy } from '../../chat-service/src/testing/tcp-proxy.js';
import { startMariadb } from '../../scripts/services/mariadb.mjs';
import { startRabbitmq } from '../../scripts/services/rabbitmq.mjs';
import type { Server } from '../../scripts/services/server.mjs';
import { Deployment } from '../support/deployment.js';
import type { Replica } from '../support/replica.js';
import { Undo } from '../support/undo.js';
import type { Place } from './participant.js';

/** Short, so that tokens are refreshed and streams moved while things are broken; in production 480. */
const ACCESS_TOKEN_SECONDS = '60';

/** A replica with a breakable line to each of its neighbours. */
export interface Post {
  readonly name: string;
  readonly replica: Replica;
  readonly databaseLine: TcpProxy;
  readonly brokerLine: TcpProxy;
  readonly clientLine: TcpProxy;
}

/** All that a run breaks, and what it is seen by. */
export class Field {
  private constructor(
    readonly database: Server,
    readonly broker: Server,
    readonly deployment: Deployment,
    readonly posts: readonly Post[],
    private readonly undo: Undo,
  ) {}

  /** `beforeReplicas` is called when the servers are there and the replicas are not. */
  static async prepare(replicas: number, beforeReplicas: (broker: Server) => Promise<void>): Promise<Field> {
    const undo = new Undo();
    try {
      const database = await startMariadb();
      undo.later(() => database.close());
      const broker = await startRabbitmq();
      undo.later(() => broker.close());
      await beforeReplicas(broker);
      const names = ['one', 'two', 'three', 'four', 'five'].slice(0, replicas);
      const lines = new Map<string, { databaseLine: TcpProxy; brokerLine: TcpProxy }>();
      for (const name of names) {
        const line = {
          databaseLine: await TcpProxy.before(database.url),
          brokerLine: await TcpProxy.before(broker.url),
        };
        lines.set(name, line);
        undo.later(() => Promise.all([line.databaseLine.refuse(), line.brokerLine.refuse()]));
      }
      const deployment = await Deployment.start(
        { mysqlUrl: database.url, brokerUrl: broker.url },
        {
          names,
          settingsOf: (name, settings) => {
            const line = lines.get(name);
            if (line === undefined) return settings;
            return {
              ...settings,
              DATABASE_URL: line.databaseLine.url(settings.DATABASE_URL ?? ''),
              PLATFORM_DATABASE_URL: line.databaseLine.url(settings.PLATFORM_DATABASE_URL ?? ''),
              RABBITMQ_URL: line.brokerLine.url(settings.RABBITMQ_URL ?? ''),
              ACCESS_TOKEN_SECONDS,
              LOG_LEVEL: 'info',
            };
          },
        },
      );
      // Its servers end with it, whatever state they are in.
      undo.later(() => deployment.close().catch(() => undefined));
      const posts: Post[] = [];
      for (const replica of deployment.replicas) {
        const line = lines.get(replica.name);
        if (line === undefined) continue;
        const clientLine = await TcpProxy.before(`http://${replica.address}`);
        undo.later(() => clientLine.refuse());
        posts.push({ name: replica.name, replica, ...line, clientLine });
      }
      return new Field(database, broker, deployment, posts, undo);
    } catch (error) {
      await undo.all();
      throw error;
    }
  }

  get places(): Place[] {
    return this.posts.map(({ name, clientLine }) => ({ name, address: `127.0.0.1:${clientLine.port}` }));
  }

  async close(): Promise<void> {
    await this.undo.all();
  }
}
