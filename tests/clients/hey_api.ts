// Reads titles, facets and errors with the client that @hey-api/openapi-ts generates.
import { createClient } from "./generated/hey-api/client";
import { searchCaseStudies } from "./generated/hey-api/sdk.gen";
import type { CaseStudyHit, OutcomeLine, RuralityCode } from "./generated/hey-api/types.gen";

declare const process: { argv: string[] };

const rural: RuralityCode = "rural";

function describe(outcome: OutcomeLine): string {
  return `${outcome.label} got ${outcome.direction}`;
}

function titleOf(hit: CaseStudyHit): string {
  const states: string[] = hit.states.map((state) => state.label);
  return `${hit.title} (${states.join(", ")})`;
}

async function main(baseUrl: string): Promise<void> {
  const client = createClient({ baseUrl });
  const found = await searchCaseStudies({
    client,
    query: { q: "attendance", rurality: [rural], limit: 3, facets: ["state"] },
  });
  if (!found.data) throw new Error("no results");
  const titles: string[] = found.data.data.map(titleOf);
  const outcomes: string[] = found.data.data.flatMap((hit) => hit.outcomes.map(describe));
  const facets = found.data.facets["state"].map((value) => [value.value, value.count] as const);

  const refused = await searchCaseStudies({ client, query: { limit: 101 } });
  if (!refused.error) throw new Error("no error");
  const errors = refused.error.errors.map((error) => [error.parameter, error.code] as const);
  console.log(JSON.stringify({ titles, outcomes, facets, errors }));
}

void main(process.argv[2]);
