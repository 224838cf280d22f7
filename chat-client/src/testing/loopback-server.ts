import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { Socket } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { MemoryService } from './memory-service.js';

export interface LoopbackServer {
  readonly url: string;
  /** Cuts every connection and refuses new ones, as a killed process does. */
  kill(): void;
}

/** The in-memory service behind a real port: gRPC over HTTP/2, or gRPC-Web over HTTP/1.1 as browsers speak it. */
export async function loopbackServer(service: MemoryService, protocol: 'grpc' | 'grpc-web'): Promise<LoopbackServer> {
  const routes = connectNodeAdapter({ routes: service.routes });
  const server = protocol === 'grpc' ? http2.createServer(routes) : http.createServer(routes);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('A TCP port was asked for.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    kill: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
