interface Definition {
  readonly $ref?: string;
  readonly properties?: object;
  readonly allOf?: readonly Definition[];
}

/** The definitions of an Engine API, closed: a misspelt field must not pass as an unknown one. */
export function strictDefinitions(api: object): object {
  const { definitions } = api as { definitions: Record<string, Definition> };
  const closed = (name: string, more: object = {}): object => ({
    type: 'object',
    additionalProperties: false,
    properties: { ...(close(propertiesOf(definitions, name)) as object), ...more },
  });
  return {
    definitions: close(definitions),
    create: closed('ContainerConfig', {
      HostConfig: closed('HostConfig'),
      NetworkingConfig: closed('NetworkingConfig'),
    }),
    network: networkDefinition(api),
  };
}

/** The body of `POST /networks/create` has a name only in newer versions. */
function networkDefinition(api: object): unknown {
  const { paths } = api as {
    readonly paths: Record<
      string,
      { readonly post: { readonly parameters: { schema: unknown }[] } }
    >;
  };
  const schema = paths['/networks/create']?.post.parameters[0]?.schema;
  return close(schema);
}

/** Every object with known properties, at any depth, without others. What is put together of parts stays open. */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  if ('allOf' in value) return value;
  const within = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
  const isKnown = typeof within['properties'] === 'object' && within['type'] === 'object';
  return isKnown && !('additionalProperties' in within)
    ? { ...within, additionalProperties: false }
    : within;
}

function propertiesOf(definitions: Record<string, Definition>, name: string): object {
  const definition = definitions[name] ?? {};
  const properties = { ...definition.properties };
  for (const { $ref = '', properties: own } of definition.allOf ?? []) {
    const base = propertiesOf(definitions, $ref.replace('#/definitions/', ''));
    Object.assign(properties, base, own);
  }
  return properties;
}
