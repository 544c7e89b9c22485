// Draws /openapi.json. Everything is put in as text, never as markup.

const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

const follow = (api, schema) =>
  schema?.$ref ? schema.$ref.slice(2).split('/').reduce((at, key) => at[key], api) : schema;

const typeOf = (api, schema) => {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.length > 12 ? `one of ${schema.enum.length} names` : schema.enum.map(String).join(' | ');
  if (schema.oneOf) return schema.oneOf.map((one) => typeOf(api, one)).join(' | ');
  const type = [schema.type ?? 'any'].flat().join(' or ');
  return type === 'array' ? `array of ${typeOf(api, schema.items ?? {})}` : type;
};

const rangeOf = (schema) => {
  const parts = [];
  if (schema.minimum !== undefined) parts.push(`≥ ${schema.minimum}`);
  if (schema.exclusiveMinimum !== undefined) parts.push(`> ${schema.exclusiveMinimum}`);
  if (schema.maximum !== undefined && schema.maximum < 1e15) parts.push(`≤ ${schema.maximum}`);
  if (schema.multipleOf !== undefined) parts.push(`multiple of ${schema.multipleOf}`);
  if (schema.default !== undefined) parts.push(`default ${schema.default}`);
  return parts.join(', ');
};

const table = (heads, rows) =>
  make('div', { className: 'table' },
    make('table', {},
      make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, head)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell) => make('td', {}, cell)))))));

const drawSchema = (api, schema, name) => {
  const whole = follow(api, schema);
  if (whole.oneOf) {
    return make('div', {}, ...whole.oneOf.map((one) => drawSchema(api, one, one.$ref?.split('/').pop())));
  }
  if (!whole.properties) return make('p', {}, make('code', {}, typeOf(api, schema)));
  const required = new Set(whole.required ?? []);
  const rows = Object.entries(whole.properties)
    .sort(([a], [b]) => required.has(b) - required.has(a) || a.localeCompare(b))
    .map(([key, value]) => {
      const found = follow(api, value);
      return [
        make('code', {}, key),
        make('span', {}, typeOf(api, value), required.has(key) ? ', required' : ''),
        rangeOf(found),
        found.description ?? '',
      ];
    });
  return make('div', {}, name ? make('h4', {}, name) : null, table(['Field', 'Type', 'Range', 'Meaning'], rows));
};

const drawContent = (api, content) =>
  Object.entries(content ?? {}).map(([type, entry]) =>
    make('div', {}, make('p', { className: 'muted' }, type), entry.schema ? drawSchema(api, entry.schema) : null));

const drawOperation = (api, method, path, operation) => {
  const parameters = operation.parameters?.length
    ? [make('h3', {}, 'Parameters'),
       table(['Name', 'In', 'Type', 'Meaning'], operation.parameters.map((parameter) => [
         make('code', {}, parameter.name), parameter.in, typeOf(api, parameter.schema), parameter.description ?? '']))]
    : [];
  const body = operation.requestBody
    ? [make('h3', {}, 'Body'), ...drawContent(api, operation.requestBody.content)]
    : [];
  const responses = Object.entries(operation.responses).map(([status, response]) => [
    make('code', {}, status),
    response.description,
    Object.entries(response.content ?? {}).map(([type, entry]) =>
      entry.schema ? `${type}: ${typeOf(api, entry.schema)}` : type).join(', '),
  ]);
  return make('details', { id: operation.operationId },
    make('summary', {}, make('span', { className: 'method' }, method.toUpperCase()), make('code', {}, path),
      ` ${operation.summary ?? ''}`),
    operation.description ? make('p', {}, operation.description) : null,
    ...parameters, ...body,
    make('h3', {}, 'Answers'), table(['Status', 'When', 'Content'], responses));
};

const draw = (api) => {
  document.getElementById('version').textContent = api.info.version;
  document.getElementById('about').textContent = api.info.description;
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'Other';
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation }]);
    }
  }
  const main = document.getElementById('routes');
  const contents = document.getElementById('contents');
  for (const [tag, entries] of groups) {
    contents.append(make('a', { href: `#${tag}` }, tag));
    main.append(make('section', {}, make('h2', { id: tag }, tag),
      ...entries.map(({ method, path, operation }) => drawOperation(api, method, path, operation))));
  }
  const shared = ['Job', 'Model', 'Error'].filter((name) => api.components.schemas[name]);
  contents.append(make('a', { href: '#Objects' }, 'Objects'));
  main.append(make('section', {}, make('h2', { id: 'Objects' }, 'Objects'),
    ...shared.map((name) => make('details', {}, make('summary', {}, name), drawSchema(api, api.components.schemas[name])))));
};

try {
  const answer = await fetch('/openapi.json');
  if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}`);
  draw(await answer.json());
} catch (error) {
  document.getElementById('about').textContent = `The description could not be read: ${error.message}`;
}
