import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';

const documentShape = z.looseObject({
  channels: z.record(
    z.string(),
    z.looseObject({
      address: z.string(),
      bindings: z.record(z.string(), z.unknown()),
      messages: z.record(z.string(), z.object({ $ref: z.string() })),
      'x-queue-arguments': z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  components: z.looseObject({
    channelBindings: z.object({
      energyChat: z.object({ amqp: z.looseObject({ exchange: z.record(z.string(), z.unknown()) }) }),
    }),
    messages: z.record(z.string(), z.looseObject({ name: z.string(), contentType: z.string() })),
  }),
});

/** `proto/asyncapi.yaml`: what other services may rely on. */
export const announcementContract = documentShape.parse(
  parse(readFileSync(new URL('../../../proto/asyncapi.yaml', import.meta.url), 'utf8')),
);

const schemas = new Ajv({ allErrors: true }).addSchema(announcementContract, 'asyncapi');

/** What is wrong with an event of `type` by the published schema of that type; nothing when it conforms. */
export function violations(type: string, event: unknown): string[] {
  const name = Object.entries(announcementContract.components.messages).find(
    ([, message]) => message.name === type,
  )?.[0];
  if (name === undefined) return [`${type} is not in the contract`];
  const validate = schemas.compile({ $ref: `asyncapi#/components/messages/${name}/payload` });
  void validate(event);
  return (validate.errors ?? []).map(
    ({ dataPath, message, params }) => `${dataPath} ${message} ${JSON.stringify(params)}`,
  );
}
