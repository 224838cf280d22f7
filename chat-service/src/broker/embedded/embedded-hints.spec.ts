import { describe } from '@jest/globals';
import { pino } from 'pino';
import { hintsContract } from '../../live/hints.contract.js';
import { EmbeddedHintBus, EmbeddedHints } from './embedded-hints.js';

describe('EmbeddedHints', () => {
  hintsContract(async () => {
    const bus = new EmbeddedHintBus();
    const log = pino({ level: 'silent' });
    const replicas = [new EmbeddedHints(bus, log), new EmbeddedHints(bus, log), new EmbeddedHints(bus, log)] as const;
    return Promise.resolve({
      replicas,
      close: async () => {
        await Promise.all(replicas.map((replica) => replica.close()));
      },
    });
  });
});
