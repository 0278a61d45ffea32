-- A picture in every size that there is of it: width, height and address of each. None for a picture that lies elsewhere.

ALTER TABLE product_images ADD COLUMN copies TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(copies));
