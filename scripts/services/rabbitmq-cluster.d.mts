import type { Server } from './server.d.mts';

/** Three nodes of RabbitMQ of one's own as one cluster, each of which may be killed and started again. */
export function startRabbitmqCluster(): Promise<{
  readonly nodes: readonly Omit<Server, 'close'>[];
  readonly source: string;
  close(): Promise<void>;
}>;
