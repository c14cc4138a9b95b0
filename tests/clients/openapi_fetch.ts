// Reads titles, facets and errors with openapi-fetch, over the types of openapi-typescript.
import createClient from "openapi-fetch";
import type { components as DeskComponents } from "./generated/desk";
import type { components, paths } from "./generated/public";

declare const process: { argv: string[] };

type Hit = components["schemas"]["CaseStudyHit"];
type Outcome = components["schemas"]["OutcomeLine"];

// Closed vocabularies are unions of their codes: a code with a typo would not compile.
const rural: components["schemas"]["RuralityCode"] = "rural";
const draft: DeskComponents["schemas"]["RecordState"]["status"] = "draft";
// @ts-expect-error "rurall" is no rurality
const typo: components["schemas"]["RuralityCode"] = "rurall";

function describe(outcome: Outcome): string {
  return `${outcome.label} got ${outcome.direction}`;
}

function titleOf(hit: Hit): string {
  const states: string[] = hit.states.map((state) => state.label);
  return `${hit.title} (${states.join(", ")})`;
}

async function main(baseUrl: string): Promise<void> {
  const client = createClient<paths>({ baseUrl });
  const found = await client.GET("/v1/case-studies", {
    params: { query: { q: "attendance", rurality: [rural], limit: 3, facets: ["state"] } },
  });
  if (!found.data) throw new Error("no results");
  const titles: string[] = found.data.data.map(titleOf);
  const outcomes: string[] = found.data.data.flatMap((hit) => hit.outcomes.map(describe));
  const facets = found.data.facets["state"].map((value) => [value.value, value.count] as const);

  const refused = await client.GET("/v1/case-studies", { params: { query: { limit: 101 } } });
  if (!refused.error) throw new Error("no error");
  const errors = refused.error.errors.map((error) => [error.parameter, error.code] as const);
  console.log(JSON.stringify({ titles, outcomes, facets, errors, draft, typo }));
}

void main(process.argv[2]);
