import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from './root.mjs';

const GENERATED = join(ROOT, 'proto', 'gen');
const PAGES = join(GENERATED, 'pages');
const load = (/** @type {string[]} */ ...path) => import(pathToFileURL(join(...path)).href);
const files = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('_pb.js'))
  // Those of google/protobuf are part of @bufbuild/protobuf.
  .filter((path) => !path.includes('protobuf'));

/** What encoding reads of a field. */
function readOf(/** @type {any} */ field) {
  const { number, localName, fieldKind, listKind, mapKind, mapKey, scalar, presence, packed, oneof } = field;
  const { delimitedEncoding = false, longAsString = false, utf8Validation } = field;
  return {
    ...{ number, localName, fieldKind, listKind, mapKind, mapKey, scalar, presence, oneof: oneof?.localName },
    ...{ delimitedEncoding, longAsString, utf8Validation: utf8Validation ?? true, packed: packed ?? false },
    ...{ message: field.message?.typeName, enum: field.enum?.typeName, defaultValue: field.getDefaultValue?.() },
  };
}

/** What encoding and calling read of a descriptor. */
function partsOf(/** @type {any} */ desc) {
  const { kind, typeName } = desc;
  if (kind === 'message') {
    const members = desc.members.map((/** @type {any} */ { localName }) => localName);
    return { kind, typeName, edition: desc.file.edition, members, fields: desc.fields.map(readOf) };
  }
  if (kind === 'enum') {
    const values = desc.values.map((/** @type {any} */ { localName, number }) => ({ localName, number }));
    return { kind, typeName, open: desc.open, values };
  }
  const methods = desc.methods.map((/** @type {any} */ { name, localName, methodKind, parent, input, output }) => ({
    ...{ name, localName, methodKind, parent: parent.typeName, input: input.typeName, output: output.typeName },
  }));
  return { kind, typeName, methods };
}

test('pages read the contract as everybody else does', async () => {
  let compared = 0;
  for (const path of files) {
    const [everybodys, pages] = await Promise.all([load(GENERATED, path), load(PAGES, path)]);
    for (const [name, value] of Object.entries(everybodys)) {
      if (name.startsWith('file_')) continue;
      assert.ok(name in pages, `${path} has no ${name}`);
      if ('kind' in value) assert.deepEqual(partsOf(pages[name]), partsOf(value), `${path}: ${name}`);
      else assert.deepEqual(pages[name], value, `${path}: ${name}`);
      compared += 1;
    }
  }
  assert.ok(compared > 50, `only ${compared} were compared`);
});
