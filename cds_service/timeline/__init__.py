"""The platelet timeline: what one record tells over time, drawn by the server as SVG and told again as a table."""
