import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A TCP proxy on 127.0.0.1 that tests put before a server, to take the server away without stopping it.
 * Connections are refused until `restore` is called first.
 */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private listeningPort = 0;
  private paused = false;
  private untilCut = Number.POSITIVE_INFINITY;
  private delayMs = 0;
  private losesAnswers = false;

  constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.server = createServer((near) => this.join(near));
  }

  /** A proxy that has a port of its own, before `url`'s server; `url` through it is `proxy.url(url)`. */
  static async before(url: string): Promise<TcpProxy> {
    const { hostname, port, protocol } = new URL(url);
    const usual: Record<string, number> = { 'amqp:': 5672, 'mysql:': 3306 };
    const proxy = new TcpProxy({ host: hostname, port: port === '' ? (usual[protocol] ?? 80) : Number(port) });
    await proxy.restore();
    return proxy;
  }

  get port(): number {
    return this.listeningPort;
  }

  /** How many connections stand. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** `url` with this proxy in place of its host and port. */
  url(url: string): string {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(this.listeningPort);
    return through.href;
  }

  /** Breaks every connection that stands; new ones are taken. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /**
   * Lets so many more pieces through, either way and over all connections together, and then cuts: the next piece is
   * lost, and whoever sent it does not know. A piece is what one read of a socket gives.
   */
  cutAfter(pieces: number): void {
    this.untilCut = pieces;
  }

  /** Pieces that `cutAfter` still lets through; infinite once it has cut. */
  get piecesLeft(): number {
    return this.untilCut;
  }

  /** Keeps connections open but moves nothing until `resume`: a server that hangs. */
  pause(): void {
    this.paused = true;
    for (const socket of this.sockets) socket.pause();
  }

  resume(): void {
    this.paused = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Moves what new connections bring; those that stand stay silent for good, as after a failover that nobody told of. */
  abandon(): void {
    this.paused = false;
  }

  /** From now on bytes take so many milliseconds longer, each way; 0: no longer. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** What is asked arrives and what is answered does not: `cut` when that is over, because bytes are missing. */
  loseAnswers(loses: boolean): void {
    this.losesAnswers = loses;
  }

  /** Breaks every connection and refuses new ones, until `restore`. */
  async refuse(): Promise<void> {
    const closed = this.server.listening ? new Promise<void>((done) => this.server.close(() => done())) : undefined;
    this.cut();
    await closed;
  }

  /** Takes connections, on the same port as before. */
  async restore(): Promise<void> {
    if (this.server.listening) return;
    await new Promise<void>((done, fail) => {
      this.server.once('error', fail);
      this.server.listen(this.listeningPort, '127.0.0.1', () => {
        this.server.off('error', fail);
        done();
      });
    });
    const address = this.server.address();
    if (address !== null && typeof address === 'object') this.listeningPort = address.port;
  }

  private join(near: Socket): void {
    const far = connect(this.target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      const late = new LateBytes(other);
      socket.on('data', (bytes) => {
        if (socket === far && this.losesAnswers) return;
        this.untilCut -= 1;
        if (this.untilCut < 0) {
          this.untilCut = Number.POSITIVE_INFINITY;
          this.cut();
        } else if (this.delayMs === 0 && late.isEmpty) other.write(bytes);
        else late.write(bytes, this.delayMs);
      });
      if (this.paused) socket.pause();
      // A reset is what a broken line looks like: the other end learns of it by the close.
      socket.on('error', () => undefined);
      socket.on('end', () => other.end());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** Bytes on their way, in order also when the delay changes. */
class LateBytes {
  private readonly waiting: { readonly dueAt: number; readonly bytes: Buffer }[] = [];

  constructor(private readonly socket: Socket) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  write(bytes: Buffer, delayMs: number): void {
    this.waiting.push({ dueAt: performance.now() + delayMs, bytes });
    if (this.waiting.length === 1) this.wait();
  }

  private wait(): void {
    const [first] = this.waiting;
    if (first === undefined) return;
    setTimeout(
      () => {
        this.waiting.shift();
        if (!this.socket.destroyed) this.socket.write(first.bytes);
        this.wait();
      },
      Math.max(0, first.dueAt - performance.now()),
    );
  }
}
