/**
 * Descriptors of the contract for pages. @bufbuild/protobuf makes its own from the base64 of a .proto file, with a parser,
 * a registry and the description of descriptors themselves, which is more than half of its weight. Pages get what
 * encoding, decoding and calling read of a descriptor, made when it is first used. `scripts/pages-contract.spec.mjs` holds it to
 * @bufbuild/protobuf's own.
 */

/** https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto, Edition and FieldPresence */
const PROTO3 = 999;
const EXPLICIT = 1;
const IMPLICIT = 2;
/** Length-delimited ones cannot be packed. */
const UNPACKED_SCALARS = new Set([9, 12]);

const FILE = { kind: 'file', edition: PROTO3 };

/** What `make` answers, once, when somebody looks. */
function late(target, names, make) {
  let made;
  for (const name of names) Object.defineProperty(target, name, { get: () => (made ??= make())[name] });
  return target;
}

/**
 * @param {string} typeName
 * @param {() => readonly (readonly unknown[])[]} fields each [number, local name, type, shape, key]: `type` a scalar's
 *   number or a descriptor; `shape` nothing, 'list', 'optional', 'map' (then with the key's scalar) or [name of a oneof]
 */
export function message(typeName, fields = () => []) {
  const desc = { kind: 'message', typeName, file: FILE };
  return late(desc, ['fields', 'members', 'field', 'oneofs'], () => {
    const made = { fields: [], members: [], field: {}, oneofs: [] };
    for (const each of fields()) {
      const field = fieldOf(desc, each);
      made.fields.push(field);
      made.field[field.localName] = field;
      const name = Array.isArray(each[3]) ? each[3][0] : undefined;
      if (name === undefined) made.members.push(field);
      else {
        let oneof = made.oneofs.find(({ localName }) => localName === name);
        if (oneof === undefined) {
          oneof = { kind: 'oneof', localName: name, parent: desc, fields: [] };
          made.oneofs.push(oneof);
          made.members.push(oneof);
        }
        oneof.fields.push(field);
        field.oneof = oneof;
      }
    }
    return made;
  });
}

function fieldOf(parent, [number, localName, type, shape, mapKey]) {
  const valueKind = typeof type === 'number' ? 'scalar' : type.kind;
  const isRepeated = shape === 'list' || shape === 'map';
  const isExplicit = !isRepeated && (shape !== undefined || valueKind === 'message');
  return {
    kind: 'field',
    number,
    name: localName,
    localName,
    parent,
    presence: isExplicit ? EXPLICIT : IMPLICIT,
    fieldKind: isRepeated ? shape : valueKind,
    listKind: shape === 'list' ? valueKind : undefined,
    mapKind: shape === 'map' ? valueKind : undefined,
    mapKey,
    scalar: valueKind === 'scalar' ? type : undefined,
    message: valueKind === 'message' ? type : undefined,
    enum: valueKind === 'enum' ? type : undefined,
    packed: shape === 'list' && valueKind !== 'message' && !UNPACKED_SCALARS.has(type),
    delimitedEncoding: false,
    longAsString: false,
    utf8Validation: true,
    getDefaultValue: () => undefined,
  };
}

/** @param {string} typeName @param {Readonly<Record<string, number>>} numbers by local name, the first one 0 */
export function enumeration(typeName, numbers) {
  const values = Object.entries(numbers).map(([localName, number]) => ({ localName, number }));
  return { kind: 'enum', typeName, open: true, values };
}

/** An enum as TypeScript has it: names and numbers both ways. @param {ReturnType<typeof enumeration>} desc */
export function namesOf({ values }) {
  return Object.fromEntries(
    values.flatMap(({ localName, number }) => [
      [localName, number],
      [number, localName],
    ]),
  );
}

/**
 * @param {string} typeName
 * @param {() => readonly (readonly unknown[])[]} methods each [name, input, output, whether it is a stream of answers]
 */
export function service(typeName, methods) {
  const desc = { kind: 'service', typeName, file: FILE };
  return late(desc, ['methods', 'method'], () => {
    const made = methods().map(([name, input, output, isStream]) => ({
      kind: 'rpc',
      parent: desc,
      name,
      localName: name[0].toLowerCase() + name.slice(1),
      methodKind: isStream ? 'server_streaming' : 'unary',
      input,
      output,
    }));
    return { methods: made, method: Object.fromEntries(made.map((each) => [each.localName, each])) };
  });
}
