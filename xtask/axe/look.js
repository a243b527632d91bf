// Of a page of the book, what mdBook puts around the page is mdBook's.
axe.run(document.querySelector("#mdbook-content main") ?? document).then(found => {
  const said = [`tried=${found.passes.length}`];
  for (const rule of found.violations)
    for (const node of rule.nodes) said.push(`wrong=${rule.id} at ${node.target.join(" ")}`);
  const wide = document.documentElement.scrollWidth;
  if (wide > window.innerWidth) said.push(`wrong=the page is ${wide} wide in a window of ${window.innerWidth}`);
  const pre = document.createElement("pre");
  pre.textContent = "AXE\n" + said.join("\n") + "\nEND";
  document.body.append(pre);
});
