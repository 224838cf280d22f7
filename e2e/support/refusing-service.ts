import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { freePort } from '../../scripts/services/network.mjs';

/** HealthCheckResponse{status: SERVING} in its envelope. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01]);

/** Says that it is healthy, and takes no call: each is refused before it was looked at, which an edge may try again. */
export class RefusingService {
  /** Of the calls that it refused. */
  readonly paths: string[] = [];

  private constructor(
    readonly address: string,
    private readonly server: Http2Server,
  ) {}

  static async start(): Promise<RefusingService> {
    const port = await freePort();
    const server = createServer();
    const service = new RefusingService(`127.0.0.1:${port}`, server);
    server.on('stream', (stream, headers) => service.answer(stream, String(headers[':path'])));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return service;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => undefined);
    if (path !== '/grpc.health.v1.Health/Check') {
      this.paths.push(path);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(SERVING);
  }
}
