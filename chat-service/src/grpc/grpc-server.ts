import { setLogger } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { INestMicroservice } from '@nestjs/common';
import { ServerGrpc, Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { listenError } from '../listen.js';
import type { Metrics } from '../metrics/metrics.js';
import { callInterceptor } from './call-interceptor.js';
import type { OpenCalls } from './call-interceptor.js';
import { loadContract, services, unimplementedMethods } from './contract.js';

const KiB = 1_024;

/**
 * The gRPC server under Nest: `NestFactory.createMicroservice(AppModule, { ...grpcServer.options, … })`, then
 * `listen(app)` and `setServing(true)`; at the end `setServing(false)`, end the streams, `stop()`, `app.close()`.
 */
export class GrpcServer {
  readonly options: GrpcOptions;
  private readonly health = new HealthImplementation();
  private readonly openCalls: OpenCalls = new Set();
  private server: Server | undefined;

  constructor(
    private readonly config: Pick<Config, 'GRPC_ADDRESS' | 'GRPC_REFLECTION'>,
    log: Logger,
    metrics: Pick<Metrics, 'callEnded'>,
  ) {
    const definition = loadContract();
    setLogger({ error: (line: unknown) => log.warn({ from: 'grpc-js' }, String(line)) });
    this.setServing(false);
    this.options = {
      transport: Transport.GRPC,
      options: {
        url: config.GRPC_ADDRESS,
        // Not 'energy.chat.v1': Nest then looks for short service names, and two packages do not fit in one server.
        package: '',
        packageDefinition: definition,
        // `stop` drains within a limit; Nest's own graceful end waits for ever while a stream is open.
        gracefulShutdown: false,
        channelOptions: {
          // Twice what the edges let through.
          'grpc.max_receive_message_length': 512 * KiB,
          'grpc.max_send_message_length': 4 * KiB * KiB,
          // One connection of an edge carries the streams of all its browsers.
          'grpc.max_concurrent_streams': 10_000,
          // Also without calls. grpc-js never counts a client's own pings against it.
          'grpc.keepalive_time_ms': 30_000,
          'grpc.keepalive_timeout_ms': 10_000,
          'grpc.enable_channelz': 0,
          interceptors: [callInterceptor(log, metrics, this.openCalls)],
        },
        onLoadPackageDefinition: (_definition, server: Server) => {
          this.server = server;
          this.health.addToServer(server);
          if (config.GRPC_REFLECTION) new ReflectionService(definition).addToServer(server);
        },
      },
    };
  }

  /** Fails when GRPC_ADDRESS cannot be listened on, and when a method of the contract has no handler. */
  async listen(app: INestMicroservice): Promise<void> {
    try {
      await app.listen();
    } catch (error) {
      throw listenError('GRPC_ADDRESS', this.config.GRPC_ADDRESS, error);
    }
    const transport = app.getTransportServer();
    if (!(transport instanceof ServerGrpc)) throw new Error('the microservice was not created with these options');
    const missing = unimplementedMethods(transport.getHandlers());
    if (missing.length > 0) throw new Error(`No controller serves ${missing.join(', ')}`);
  }

  /** What grpc.health.v1 answers, for the server as a whole and for each service. Not serving until told so. */
  setServing(serving: boolean): void {
    for (const name of ['', ...services.map((service) => service.typeName)]) {
      this.health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    }
  }

  /**
   * Takes no new calls and lets those in flight finish for at most `withinMilliseconds`; then ends what is left (a
   * health watch never ends by itself) with UNAVAILABLE. A caller that does not even read that is left to the end of the
   * process, one second later.
   */
  async stop(withinMilliseconds: number): Promise<void> {
    const { server, openCalls } = this;
    if (!server) return;
    await new Promise<void>((resolve) => {
      // Not forceShutdown: without channelz it forgets the connections it should cut.
      const cut = setTimeout(() => openCalls.forEach((end) => end()), withinMilliseconds);
      const leave = setTimeout(resolve, withinMilliseconds + 1_000);
      server.tryShutdown(() => {
        clearTimeout(cut);
        clearTimeout(leave);
        resolve();
      });
    });
  }
}
